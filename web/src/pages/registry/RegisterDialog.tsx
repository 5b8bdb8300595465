import { useInfiniteQuery, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useId, useState } from "react";
import { ApiError } from "../../api/client";
import type { LoggedModel } from "../../api/models";
import { registeredModelList } from "../../api/queries";
import { createModelVersion, createRegisteredModel } from "../../api/registry";
import { ActionDialog } from "../../components/Dialog";
import { useToast } from "../../components/Toasts";
import { useDebounced } from "../../lib/browser/hooks";
import { unregistrable } from "../../lib/models/loggedModels";

/** Registers a logged model as the next version of an existing or a new registered model. */
export function RegisterDialog({ model, onClose }: { model: LoggedModel; onClose: () => void }) {
  const [typed, setTyped] = useState("");
  const name = typed.trim();
  const found = useInfiniteQuery(registeredModelList(useDebounced(name)));
  const known = found.data?.pages.flatMap((page) => page.models) ?? [];
  const existing = known.find((m) => m.name === name);
  const latest = Math.max(0, ...(existing?.latest ?? []).map((v) => Number(v.version)));
  const client = useQueryClient();
  const navigate = useNavigate();
  const toast = useToast();
  const inputID = useId();
  const listID = useId();
  const register = async () => {
    try {
      if (!existing) await createRegisteredModel(name);
    } catch (error) {
      // Somebody else may have created it meanwhile, which is as good.
      if (!(error instanceof ApiError && error.code === "RESOURCE_ALREADY_EXISTS")) throw error;
    }
    const version = await createModelVersion(name, model.id, model.sourceRunID);
    toast(`Registered as version ${version} of ${name}`);
    void client.invalidateQueries({ queryKey: ["registry"] });
    void client.invalidateQueries({ queryKey: ["models"] });
    void navigate({ to: "/models/$modelName/versions/$version", params: { modelName: name, version } });
  };
  return (
    <ActionDialog
      title={`Register ${model.name}`}
      action="Register"
      disabled={!name}
      onClose={onClose}
      run={register}
    >
      <label className="field" htmlFor={inputID}>
        Registered model
      </label>
      <input
        id={inputID}
        className="input"
        list={listID}
        placeholder="Choose a model or type a new name"
        value={typed}
        maxLength={500}
        autoComplete="off"
        spellCheck={false}
        onChange={(e) => setTyped(e.target.value)}
      />
      <datalist id={listID}>
        {known.map((m) => (
          <option key={m.name} value={m.name} />
        ))}
      </datalist>
      <p className="hint" role="status">
        {!name
          ? "A model keeps all its versions under one name."
          : existing
            ? latest > 0
              ? `Adds a version to ${name}; its latest is version ${latest}.`
              : `Adds the first version to ${name}.`
            : `Creates the model ${name} with this as its first version.`}
      </p>
    </ActionDialog>
  );
}

/** A button that opens the dialog. */
export function RegisterButton({ model, look = "button" }: { model: LoggedModel; look?: string }) {
  const [open, setOpen] = useState(false);
  const reason = unregistrable(model);
  return (
    <>
      <button
        type="button"
        className={look}
        disabled={reason !== undefined}
        title={reason}
        aria-label={`Register model ${model.name}`}
        onClick={() => setOpen(true)}
      >
        Register…
      </button>
      {open && <RegisterDialog model={model} onClose={() => setOpen(false)} />}
    </>
  );
}
