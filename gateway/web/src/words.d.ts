// The messages of the room in one language, which build.mjs takes from i18n/.
declare module 'words:*' {
  const words: Record<string, string>;
  export default words;
}
