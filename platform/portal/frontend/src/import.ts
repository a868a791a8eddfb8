// Course files while they are read or applied.
import { followPanel } from "./panel";

followPanel("import", "importLive");
