/** The page's one query cache. */
import { newQueryClient } from "./queries";

export const queryClient = newQueryClient();
