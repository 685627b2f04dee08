import { chooseHost } from "./host";

chooseHost("plugin");
