import type {
  Call,
  Match,
  NewObject,
  NewPolicy,
  PolicyChange,
  PoolRef,
  StoredObject,
  Undelete,
} from "../../../provider/drivers/driver";
import type { PolicyRecord } from "../../../provider/drivers/record";
import { MemoryDriver } from "../memory";
import { storedObject } from "../memory/rules";
import { mustHave } from "./objects";

/** Writes what a policy is to be over whatever it has become since it was read. */
export class PolicyIgnoresRevision extends MemoryDriver {
  override updatePolicy(ref: PoolRef, { uid, claim }: Match, change: PolicyChange, call: Call): Promise<PolicyRecord> {
    return super.updatePolicy(ref, { uid, claim }, change, call);
  }
}

/** Keeps a policy under its name, so that one replaces another. */
export class PolicyByName extends MemoryDriver {
  override async createPolicy(ref: PoolRef, inputs: NewPolicy, call: Call): Promise<PolicyRecord> {
    const made = await super.createPolicy(ref, inputs, call);
    await this.changePool(ref, call, (pool) => {
      pool.policies = pool.policies.filter(({ name, uid }) => name !== made.name || uid === made.uid);
    });
    return made;
  }
}

/** Looks before it writes whether an owner has a policy of that name, and then writes all the same. */
export class PolicyLooksFirst extends MemoryDriver {
  override async createPolicy(ref: PoolRef, inputs: NewPolicy, call: Call): Promise<PolicyRecord> {
    const { policies } = await this.list(ref, call);
    if (policies.some(({ name, owner }) => name === inputs.name && owner === inputs.owner))
      return super.createPolicy(ref, inputs, call);
    const made = await super.createPolicy(ref, { ...inputs, name: `${inputs.name}-${inputs.uid}` }, call);
    return this.updatePolicy(ref, made, { name: inputs.name }, call);
  }
}

/** Leaves a policy out of lists that it cannot read. */
export class ForgetsDamagedPolicies extends MemoryDriver {
  override async list(ref: PoolRef, call: Call) {
    const { damaged, ...listing } = await super.list(ref, call);
    const objects = new Set(this.poolOf(this.store.read(), ref).objects.map(({ record }) => record.uid));
    return { ...listing, damaged: damaged.filter(({ uid }) => objects.has(uid)) };
  }
}

/** Brings an object back with what acted on it when it went. */
export class UndeleteKeepsPolicies extends MemoryDriver {
  override async undelete(ref: PoolRef, request: Undelete, call: Call): Promise<StoredObject> {
    const { objects } = await this.list(ref, call);
    const policies = objects.find(({ record }) => record.uid === request.uid)?.record.policies;
    await super.undelete(ref, request, call);
    return this.changePool(ref, call, (pool) => {
      const back = mustHave(pool, request.uid);
      if (policies) back.record.policies = policies;
      return storedObject(back);
    });
  }
}

/** Gives a copy what its source was given. */
export class CloneKeepsPolicies extends MemoryDriver {
  override async create(ref: PoolRef, inputs: NewObject, call: Call): Promise<StoredObject> {
    const { objects } = await this.list(ref, call);
    const source = objects.find(({ record }) => record.uid === inputs.sourceUid)?.record;
    const { settings, policies } = source ?? {};
    return super.create(ref, { ...(settings && { settings }), ...(policies && { policies }), ...inputs }, call);
  }
}
