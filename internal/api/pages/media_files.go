package pages

import (
	"context"
	"errors"
	"path"
	"strings"

	"golang.org/x/sync/errgroup"

	"github.com/millrace-ml/millrace/internal/artifact"
	"github.com/millrace-ml/millrace/mlflow"
)

// Limits of lists of media files.
const (
	maxMediaRuns   = 50
	maxMediaLooked = 20_000 // files of a run that are looked at
	maxMediaFiles  = 5000   // files of a run that are listed
	mediaAtOnce    = 4      // runs whose files are listed at the same time
)

// mediaTypes has the extensions of pictures, figures, tables, sound and film.
var mediaTypes = func() map[string]bool {
	set := map[string]bool{}
	for name := range strings.FieldsSeq("png jpg jpeg gif webp avif bmp svg html json csv tsv " +
		"wav mp3 flac ogg opus m4a mp4 webm") {
		set["."+name] = true
	}
	return set
}()

// mediaFiles lists the media files of runs.
func (h *Handlers) mediaFiles(ctx context.Context, in *mlflow.MediaFilesRequest) (*mlflow.MediaFilesResponse, error) {
	if err := atMost("run_ids", len(in.RunIDs), maxMediaRuns); err != nil {
		return nil, err
	}
	out := &mlflow.MediaFilesResponse{Runs: make([]mlflow.MediaFiles, len(in.RunIDs))}
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(mediaAtOnce)
	for i, id := range in.RunIDs {
		group.Go(func() error {
			uri, err := h.location(ctx, owner{runID: id})
			if err != nil {
				return err
			}
			repo, dir, err := h.Files.Locate(uri)
			if err == nil {
				out.Runs[i], err = listMedia(ctx, repo, dir)
			}
			if err != nil && ctx.Err() != nil {
				return err
			}
			out.Runs[i].RunID = id
			if err != nil {
				out.Runs[i].Error = artifact.Message(err)
			}
			return nil
		})
	}
	return out, group.Wait()
}

// listMedia lists the media files in a folder, with paths relative to it.
func listMedia(ctx context.Context, repo artifact.Repo, dir string) (out mlflow.MediaFiles, err error) {
	walker, ok := repo.(artifact.Walker)
	if !ok {
		return out, errors.New("the store cannot list all files of a folder")
	}
	looked := 0
	for e, err := range walker.Walk(ctx, dir) {
		if err != nil {
			return out, err
		}
		if looked++; looked > maxMediaLooked {
			out.Bounded = true
			break
		}
		below := strings.TrimPrefix(strings.TrimPrefix(e.Path, dir), "/")
		if e.LeftOut != "" || !mediaTypes[strings.ToLower(path.Ext(below))] || !strings.ContainsAny(below, "0123456789") {
			continue
		}
		if len(out.Files) == maxMediaFiles {
			out.Bounded = true
			break
		}
		out.Files = append(out.Files, mlflow.FileInfo{Path: below, FileSize: e.Size})
	}
	return out, nil
}
