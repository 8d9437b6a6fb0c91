/** One in so many has said no to marketing by email. */
const SAYS_NO = 7;
/** Rows that are given to the connection at once: a write a row would be most of what the load costs. */
const ROWS_A_PIECE = 1_000;

const saysNo = (number: number): boolean => number % SAYS_NO === 0;

export const addressOf = (number: number): string => `member-${number}@shop.example`;

export function consentingOf(people: number): number {
  return people - Math.ceil(people / SAYS_NO);
}

/** SQL that is true of the address of somebody who has said no. */
export const SAYS_NO_SQL = `substring(recipient FROM 'member-(\\d+)@')::int % ${SAYS_NO} = 0`;

/** So many people as a CSV file, piece by piece. */
export function* peopleCsv(people: number): Generator<string> {
  yield 'email,identity.crmid,attributes.firstName,attributes.points:number,consents.marketing.email.val,language\n';
  for (let from = 0; from < people; from += ROWS_A_PIECE) {
    let piece = '';
    for (let n = from; n < Math.min(people, from + ROWS_A_PIECE); n++) {
      piece += `${addressOf(n)},c-${n},Name ${n},${n % 1_000},${saysNo(n) ? 'n' : ''},sv\n`;
    }
    yield piece;
  }
}
