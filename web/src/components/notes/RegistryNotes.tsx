import { deleteRegisteredModelTag, describeRegisteredModel, setRegisteredModelTag } from "../../api/registry";
import { TagCard } from "../tags/TagCard";
import { NoteEditor } from "./NoteEditor";

interface RegistryNotesProps {
  /** A registered model or a prompt. */
  of: { name: string; description: string; tags: Readonly<Record<string, string>> };
  /** Reads the pages anew that show them. */
  refresh: () => Promise<unknown>;
}

/** The description and the tags of a registered model or of a prompt, which can be changed. */
export function RegistryNotes({ of: { name, description, tags }, refresh }: RegistryNotesProps) {
  return (
    <div className="model-notes">
      <section className="card">
        <div className="card-head">
          <h2>Description</h2>
        </div>
        <div className="card-body">
          <NoteEditor
            key={name}
            note={description}
            subject={name}
            save={async (note) => {
              await describeRegisteredModel(name, note);
              await refresh();
            }}
          />
        </div>
      </section>
      <TagCard
        tags={tags}
        editable
        set={(key, value) => setRegisteredModelTag(name, key, value)}
        remove={(key) => deleteRegisteredModelTag(name, key)}
        refresh={refresh}
      />
    </div>
  );
}
