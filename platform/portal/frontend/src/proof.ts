// A question's proof while it is carried out.
import { followPanel } from "./panel";

followPanel("proof", "proofLive");
