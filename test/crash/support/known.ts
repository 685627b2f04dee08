import { isTornFill } from "./content";
import { Expected } from "./expected";
import type { PoolState } from "./observe";
import type { Step } from "./steps";

/** What was seen after a cut; `absent` where there was no pool to look at. */
export type Seen = PoolState & { absent?: string };

/**
 * What was answered, and what was begun and not answered. The former must be there. An operation of the driver that was not
 * answered has happened or not. A user's own writing that was not answered may be torn; what it has become is known once it has been
 * looked at, and does not change any more.
 */
export class Known {
  private open: Step[] = [];

  constructor(
    private state: Expected = new Expected(),
    /** Every step and look, for whoever has to explain a problem. */
    private readonly history: string[] = [],
  ) {}

  begin(step: Step): void {
    this.open.push(step);
    this.history.push(`begun ${inWords(step)}`);
  }
  done(step: Step): void {
    this.open = this.open.filter((open) => JSON.stringify(open) !== JSON.stringify(step));
    this.state = this.state.after(step);
    this.history.push(`done ${inWords(step)}`);
  }

  compare(found: Seen): string[] {
    if (found.absent !== undefined) return this.state.hasPool ? [`the pool is gone: ${found.absent}`] : [];
    const wanted = this.state.texts();
    const possible = this.possible(found);
    const names = new Set([...wanted.keys(), ...possible.keys(), ...found.objects.map(({ name }) => name)]);
    const problems = [...found.problems];
    for (const name of names) {
      const texts = found.objects.filter((object) => object.name === name).map(({ text }) => text);
      const allowed = [wanted.get(name), ...(possible.get(name) ?? [])];
      if (texts.length <= 1 && allowed.includes(texts[0])) continue;
      const wrong = `${name} is ${texts.join(" and ") || "gone"}, not ${allowed.map((text) => text ?? "gone").join(" or ")}`;
      problems.push(`${wrong}; what was done: ${this.historyOf(name).join(", ")}`);
    }
    return problems;
  }

  /** What is known once it has been looked at, which `look` names: what was open has happened, or not, or is torn as was seen. */
  settled(found: Seen, look: string): Known {
    let { state } = this;
    const texts = new Map(found.objects.map(({ name, text }) => [name, text]));
    const isAsIn = (next: Expected) =>
      changedNames(state, next).every((name) => texts.get(name) === next.texts().get(name));
    for (const step of this.open) {
      const outcomes = [state.after(step), ...tornBy(step, state, found)];
      const happened =
        step.do === "createPool" ? (found.absent === undefined ? outcomes[0] : undefined) : outcomes.find(isAsIn);
      state = happened ?? state;
    }
    const looked = found.objects.map(({ name, text }) => `seen after ${look}: ${name} is ${text}`);
    return new Known(state, [...this.history, ...looked]);
  }

  /** The disks that were torn while their users wrote. */
  torn(found: Seen): string[] {
    return this.open.flatMap((step) =>
      step.do === "fill" && tornBy(step, this.state, found).length > 0 ? [step.name] : [],
    );
  }

  /** What each open step may have made of its objects. */
  private possible(found: Seen): Map<string, (string | undefined)[]> {
    const all = new Map<string, (string | undefined)[]>();
    for (const step of this.open)
      for (const next of [this.state.after(step), ...tornBy(step, this.state, found)])
        for (const name of changedNames(this.state, next))
          all.set(name, [...(all.get(name) ?? []), next.texts().get(name)]);
    return all;
  }

  /** Of an object and of what was made from it. */
  private historyOf(name: string): string[] {
    const family = new RegExp(`\\b${name.replace(/[-@].*/, "")}\\b`);
    return this.history.filter((line) => family.test(line));
  }
}

function inWords({ do: verb, pool: _pool, ...rest }: Step): string {
  return [verb, ...Object.values(rest)].join(" ");
}

/** What a user's writing has made of a disk that it has neither left alone nor finished. */
function tornBy(step: Step, state: Expected, found: Seen): Expected[] {
  if (step.do !== "fill") return [];
  const before = state.objects.get(step.name)?.content ?? "missing";
  return found.objects.flatMap(({ name, text }) => {
    const content = /bytes (torn of .*?\))/.exec(text)?.[1];
    if (name !== step.name || content === undefined || content === before) return [];
    return isTornFill(content, before, step.seed, step.parts) ? [state.holding(name, content)] : [];
  });
}

function changedNames(before: Expected, after: Expected): string[] {
  const [old, now] = [before.texts(), after.texts()];
  return [...new Set([...old.keys(), ...now.keys()])].filter((name) => old.get(name) !== now.get(name));
}
