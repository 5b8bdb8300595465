import type { DeliveryState } from "../webhooks/events";
import { type Codec, compact, oneOf } from "./search";

export interface DeliveriesView {
  /** Undefined for all. */
  state: DeliveryState | undefined;
}

const all = "ALL";

export const deliveriesCodec: Codec<DeliveriesView> = {
  decode: (s) => {
    const state = oneOf<DeliveryState | typeof all>([all, "PENDING", "DELIVERED", "FAILED"], s.state);
    return { state: state === all ? undefined : state };
  },
  encode: (v) => compact({ state: v.state }),
};
