import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { RouterProvider } from "@tanstack/react-router";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { ApiError, gate } from "./api/client";
import { loadPreferences } from "./lib/browser/preferences";
import { router } from "./routes/router";
import "./styles/tokens.css";
import "./styles/base.css";
import "./styles/controls.css";
import "./styles/overlays.css";
import "./styles/layout.css";
import "./styles/markdown.css";

const queryClient = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 2_000,
      // The server said no for a reason; only silence and overload are worth a second try.
      retry: (failures, error) =>
        failures < 2 && (!(error instanceof ApiError) || error.status === 0 || error.status === 503),
    },
  },
});

// What one user has read is not shown to the next one.
let person: number | undefined;
gate.subscribe(() => {
  const { session, ended } = gate.snapshot();
  const now = (session?.user ?? ended)?.id;
  if (now !== person && person !== undefined) queryClient.clear();
  person = now;
});
gate.ready().catch(() => {}); // Pages show the error when they ask for their data.

loadPreferences();
createRoot(document.getElementById("root")!).render(
  <StrictMode>
    <QueryClientProvider client={queryClient}>
      <RouterProvider router={router} />
    </QueryClientProvider>
  </StrictMode>,
);
