// What is going on, on the standard error: the standard output is for the result.
export const progress = (text) => process.stderr.write(`${text}\n`);
