import { useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { plotlyText } from "../../api/queries";
import { type Figure, figureDocument, undrawnKinds } from "../../lib/files/plotly";
import { ErrorNotice, Loading } from "../Notice";
import { SandboxFrame } from "./SandboxFrame";
import { UndrawnKinds } from "./UndrawnKinds";

/** A figure of plotly, drawn by the plotly of the server. */
export function FigureView({ figure, name }: { figure: Figure; name: string }) {
  const undrawn = useMemo(() => undrawnKinds(figure.data), [figure]);
  const some = undrawn.length === 0 || figure.data.some((trace) => undrawnKinds([trace]).length === 0);
  const { data, error, refetch } = useQuery({ ...plotlyText(), enabled: some });
  const html = useMemo(() => {
    if (data === undefined) return undefined;
    const traces = figure.data.filter((trace) => undrawnKinds([trace]).length === 0);
    return figureDocument({ ...figure, data: traces }, data);
  }, [figure, data]);
  if (error) return <ErrorNotice error={error} what="Could not load plotly" retry={() => refetch()} />;
  return (
    <>
      <UndrawnKinds kinds={undrawn} />
      {some && html === undefined && <Loading what="Loading plotly" />}
      {html !== undefined && <SandboxFrame html={html} title={name} />}
    </>
  );
}
