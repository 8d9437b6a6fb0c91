/**
 * SES and SNS for a stack that must not reach the world: SES by aws-ses-v2-local (other people's, with a viewer of the mails it
 * got), SNS by our own. For docker-compose.yml, profile `aws`.
 */
import sesEmulator from 'aws-ses-v2-local';
import { createSnsEmulator } from './sns.ts';

const sesPort = Number(process.env.SES_PORT);
const snsPort = Number(process.env.SNS_PORT);
if (!sesPort || !snsPort) {
  console.error('Set SES_PORT and SNS_PORT to the ports to listen on.');
  process.exit(78);
}
const ses = await sesEmulator.default({ port: sesPort, host: '0.0.0.0' });
const sns = createSnsEmulator().listen(snsPort, '0.0.0.0');
process.on('SIGTERM', () => {
  ses.close();
  sns.close();
  process.exit(0);
});
