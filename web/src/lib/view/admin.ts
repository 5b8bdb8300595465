import type { AuditFilter } from "../accounts/audit";
import { isDay } from "../accounts/days";
import { type Codec, compact } from "./search";

export const adminCodec: Codec<{ text: string }> = {
  decode: (s) => ({ text: s.q ?? "" }),
  encode: (v) => compact({ q: v.text }),
};

export const auditCodec: Codec<AuditFilter> = {
  decode: (s) => ({
    user: s.user ?? "",
    action: s.action ?? "",
    result: s.result ?? "",
    from: isDay(s.from ?? "") ? s.from! : "",
    to: isDay(s.to ?? "") ? s.to! : "",
  }),
  encode: (v) => compact({ user: v.user, action: v.action, result: v.result, from: v.from, to: v.to }),
};
