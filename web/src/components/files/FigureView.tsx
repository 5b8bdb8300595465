import { useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { plotlyText } from "../../api/queries";
import { drawnPart, type Figure, figureDocument, undrawnKinds } from "../../lib/files/plotly";
import { ErrorNotice, Loading } from "../Notice";
import { SandboxFrame } from "./SandboxFrame";
import { UndrawnKinds } from "./UndrawnKinds";

/** A figure of plotly, drawn by the plotly of the server. */
export function FigureView({ figure, name }: { figure: Figure; name: string }) {
  const drawn = useMemo(() => drawnPart(figure), [figure]);
  const undrawn = undrawnKinds(figure.data);
  const some = drawn.data.length > 0 || undrawn.length === 0;
  const { data, error, refetch } = useQuery({ ...plotlyText(), enabled: some });
  const html = useMemo(() => (data === undefined ? undefined : figureDocument(data)), [data]);
  const message = useMemo(() => ({ figure: drawn }), [drawn]);
  if (error) return <ErrorNotice error={error} what="Could not load plotly" retry={() => refetch()} />;
  return (
    <>
      <UndrawnKinds kinds={undrawn} />
      {some && html === undefined && <Loading what="Loading plotly" />}
      {some && html !== undefined && <SandboxFrame html={html} title={name} message={message} />}
    </>
  );
}
