// What `npm run bench -- …` was asked for.
import { StepError } from "../lib/console.mjs";

const help = `npm run bench                      everything; about half an hour
npm run bench -- --quick           small numbers and 3 runs, to see that it works; about 3 minutes
npm run bench -- --only ceph       RBD images on a real cluster, which it starts (Debian packages, ceph-mgr-dashboard too; about 6 minutes)
npm run bench -- --only up,list    some figures: `;

/** Numbers of a full run and of a quick one. */
const sizes = {
  full: {
    volumes: 300,
    runs: 8,
    manyVolumes: 1000,
    manyRuns: 3,
    creates: 1000,
    listed: 10_000,
    starts: 11,
    planned: 100_000,
    idleSeconds: 180,
    images: 200,
    cephRuns: 5,
  },
  quick: {
    volumes: 50,
    runs: 3,
    manyVolumes: 100,
    manyRuns: 1,
    creates: 100,
    listed: 1000,
    starts: 3,
    planned: 10_000,
    idleSeconds: 15,
    images: 30,
    cephRuns: 2,
  },
};

/** `names` are the figures there are, `usual` those of them that need not be asked for. Throws a StepError with the usage for anything it does not know. */
export function parseOptions(args, names, usual) {
  const usage = `${help}${names.join(", ")}\nnpm run bench -- --json            the figures as JSON on the standard output`;
  const options = { json: false, quick: false, only: usual };
  for (let at = 0; at < args.length; at += 1) {
    const [flag, inline] = args[at].split("=");
    if (flag === "--json") options.json = true;
    else if (flag === "--quick") options.quick = true;
    else if (flag === "--only") options.only = (inline ?? args[++at] ?? "").split(",");
    else throw new StepError(flag === "--help" ? usage : `${flag} is not an option.\n${usage}`);
  }
  const unknown = options.only.filter((name) => !names.includes(name));
  if (unknown.length > 0) throw new StepError(`There is no figure "${unknown[0]}".\n${usage}`);
  return { ...options, sizes: options.quick ? sizes.quick : sizes.full };
}
