import { queryOptions } from "@tanstack/react-query";
import { millrace } from "./client";

export interface ServerDetails {
  version: string;
  mlflow_version: string;
  database: string;
  /** directory or a scheme of object stores; undefined if the server serves no files. */
  artifacts?: string;
  users: boolean;
  admin: boolean;
  limits: {
    request_bytes: number;
    batch_metrics: number;
    param_length: number;
    tag_length: number;
    truncates: boolean;
  };
  /** For administrators only. */
  settings?: {
    database_uri: string;
    database_version: string;
    schema_revision: string;
    read_store_uri?: string;
    artifacts_destination?: string;
    default_artifact_root: string;
    static_prefix?: string;
    started_ms: number;
    go_version: string;
    platform: string;
  };
}

/** What the server is, as far as the user may know. */
export const serverDetails = () =>
  queryOptions({
    queryKey: ["server"],
    queryFn: ({ signal }) => millrace.get<ServerDetails>("server", undefined, signal),
    staleTime: 60_000,
  });
