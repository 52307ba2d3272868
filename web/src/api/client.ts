/** Sends an operation as whoever is signed in; renews the token once when it is refused. */
import { session } from "../session/session";
import { type Arguments, type OperationKey, type Reply, send } from "./http";
import { ApiError } from "./problem";

export async function call<K extends OperationKey>(key: K, args: Arguments<K>): Promise<Reply<K>> {
  const token = await session.token();
  try {
    return await send(key, args, token);
  } catch (error) {
    if (!(error instanceof ApiError) || error.status !== 401 || !token) throw error;
    const renewed = await session.renew(token);
    if (!renewed) throw error;
    return send(key, args, renewed);
  }
}
