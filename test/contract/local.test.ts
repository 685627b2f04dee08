import { describeDriverContract } from "../../provider/testing";
import { localHarness } from "./harnesses/local";

describeDriverContract("local", localHarness());
