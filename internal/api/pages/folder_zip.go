package pages

import (
	"context"
	"errors"
	"net/http"
	"path"

	"github.com/millrace-ml/millrace/internal/api/route"
	"github.com/millrace-ml/millrace/internal/artifact"
	"github.com/millrace-ml/millrace/internal/artifact/archive"
	"github.com/millrace-ml/millrace/internal/observe"
	"github.com/millrace-ml/millrace/mlflow"
)

// folderZip sends the files of a folder as a ZIP file while it reads them.
func (h *Handlers) folderZip(w http.ResponseWriter, req *http.Request) error {
	q := req.URL.Query()
	o := owner{q.Get("run_id"), q.Get("model_id"), q.Get("name"), q.Get("version")}
	folder, err := h.openFolder(req.Context(), o, q.Get("path"))
	if err != nil {
		return err
	}
	name := path.Base(q.Get("path"))
	if name == "." {
		name = "artifacts"
	}
	w.Header().Set("Content-Type", "application/zip")
	w.Header().Set("Content-Disposition", artifact.Attachment(name+".zip"))
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	if req.Method == http.MethodHead {
		return nil
	}
	defer observe.Transfer(req.Context(), observe.Download)()
	if err := folder.Write(req.Context(), w, name); err != nil {
		if req.Context().Err() == nil {
			h.Log.WarnContext(req.Context(), "download of a folder aborted", "path", q.Get("path"), "error", err)
		}
		panic(http.ErrAbortHandler) // The status has been sent; abort the response.
	}
	return nil
}

// openFolder lists the files of a folder. The timeout of JSON requests applies to it, but
// not to the transfer.
func (h *Handlers) openFolder(ctx context.Context, o owner, below string) (*archive.Folder, error) {
	ctx, cancel := context.WithTimeout(ctx, route.Timeout)
	defer cancel()
	repo, dir, err := h.locate(ctx, o, below)
	if err != nil {
		return nil, err
	}
	folder, err := archive.Open(ctx, repo, dir)
	if errors.Is(err, mlflow.ResourceDoesNotExist) {
		return nil, mlflow.Errorf(mlflow.ResourceDoesNotExist, "There are no files in the folder '%s'.", below)
	}
	return folder, err
}
