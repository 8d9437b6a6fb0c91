/** The part of MJML 5 that is used here; the package brings no types. */
declare module 'mjml' {
  export type MjmlError = { line: number; message: string; tagName: string; formattedMessage: string };
  export type MjmlOptions = {
    /** Empty: no path is looked at. */
    filePath: string;
    /** Web fonts MJML adds by itself when a font family is named. */
    fonts: Record<string, string>;
    ignoreIncludes: boolean;
    keepComments: boolean;
    minify: boolean;
    beautify: boolean;
    validationLevel: 'strict' | 'soft' | 'skip';
  };
  // biome-ignore lint/style/noDefaultExport: it is how the package exports it
  export default function mjml2html(mjml: string, options: MjmlOptions): Promise<{ html: string; errors: MjmlError[] }>;
}
