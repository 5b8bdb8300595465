package cli

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/millrace-ml/millrace/mlflow"
)

func newArtifactsCommand() *cobra.Command {
	cmd, c := newClientCommand("artifacts", "List, download and upload the files of runs on a running server")
	cmd.AddCommand(
		newArtifactsList(c), newArtifactsDownload(c),
		newArtifactsLog(c, "log-artifact", "Upload a file into a run's artifacts", "local-file", false),
		newArtifactsLog(c, "log-artifacts", "Upload all that is in a folder into a run's artifacts", "local-dir", true),
	)
	return cmd
}

func newArtifactsList(c *client) *cobra.Command {
	cmd := &cobra.Command{Use: "list", Short: "List one folder of a run's artifacts", Args: cobra.NoArgs}
	id := runIDFlag(c, cmd)
	folder := cmd.Flags().StringP("artifact-path", "a", "", "the folder (default: the top)")
	cmd.RunE = c.with(func(cmd *cobra.Command, _ []string, m *mlflow.Client) error {
		files, err := m.ListArtifacts(cmd.Context(), *id, *folder)
		if err != nil {
			return err
		}
		files = append([]mlflow.FileInfo{}, files...)
		return c.print(cmd, files, func(out io.Writer) error {
			t := table{none: "There are no artifacts.", head: []string{"PATH", "SIZE"}}
			for _, f := range files {
				if f.IsDir {
					t.add(f.Path+"/", "-")
					continue
				}
				t.add(f.Path, byteText(f.FileSize))
			}
			return t.write(out)
		})
	})
	return cmd
}

func newArtifactsDownload(c *client) *cobra.Command {
	var runID, path, uri, dst string
	cmd := &cobra.Command{
		Use:   "download",
		Short: "Download a file or folder and print where it is now",
		Args:  cobra.NoArgs,
		RunE: c.with(func(cmd *cobra.Command, _ []string, m *mlflow.Client) error {
			switch {
			case (runID == "") == (uri == ""):
				return errors.New("what is to be downloaded? Give either --run-id, with --artifact-path for a part, or --artifact-uri")
			case uri != "" && path != "":
				return errors.New("--artifact-path goes with --run-id; put the path into --artifact-uri instead")
			}
			return c.fetch(cmd, dst, func(dir string) (string, error) {
				if uri != "" {
					return m.DownloadArtifactURI(cmd.Context(), uri, dir)
				}
				return m.DownloadArtifacts(cmd.Context(), runID, path, dir)
			})
		}),
	}
	cmd.Flags().StringVarP(&runID, "run-id", "r", "", "ID of the run that has the files")
	cmd.Flags().StringVarP(&path, "artifact-path", "a", "", "a file or folder of the run (default: all)")
	cmd.Flags().StringVarP(&uri, "artifact-uri", "u", "", "runs:/<run_id>/<path>, models:/<name>/<version>, models:/<name>@<alias>, models:/<model_id> or an artifact URI")
	cmd.Flags().StringVarP(&dst, "dst-path", "d", "", "folder to put it into, made if need be (default: a new temporary one)")
	c.completeFlag(cmd, "run-id", runIDs)
	c.completeFlag(cmd, "artifact-uri", modelURIs)
	return cmd
}

// fetch makes the folder dst, or a temporary one, lets download fill it and
// prints where the files are.
func (c *client) fetch(cmd *cobra.Command, dst string, download func(dir string) (string, error)) error {
	var dir string
	var err error
	if dst == "" {
		dir, err = os.MkdirTemp("", "millrace-artifacts-")
	} else if dir, err = filepath.Abs(dst); err == nil {
		err = os.MkdirAll(dir, 0o755) //nolint:gosec // Downloads are no secret of this user's.
	}
	if err != nil {
		return err
	}
	local, err := download(dir)
	if err != nil {
		if dst == "" {
			return errors.Join(err, os.RemoveAll(dir))
		}
		return err
	}
	return c.say(cmd, map[string]string{"path": local}, "%s", local)
}

// newArtifactsLog makes the two commands that upload: a file, or what is in a folder.
func newArtifactsLog(c *client, use, short, flag string, folders bool) *cobra.Command {
	cmd := &cobra.Command{Use: use, Short: short, Args: cobra.NoArgs}
	local := cmd.Flags().StringP(flag, "l", "", "what to upload (required)")
	need(cmd, flag)
	id := runIDFlag(c, cmd)
	folder := cmd.Flags().StringP("artifact-path", "a", "", "folder of the run's artifacts to put it into (default: the top)")
	cmd.RunE = c.with(func(cmd *cobra.Command, _ []string, m *mlflow.Client) error {
		info, err := os.Stat(*local)
		switch {
		case err != nil:
			return err
		case info.IsDir() && !folders:
			return fmt.Errorf("%s is a folder: millrace artifacts log-artifacts uploads what is in it", *local)
		case !info.IsDir() && folders:
			return fmt.Errorf("%s is a file: millrace artifacts log-artifact uploads it", *local)
		}
		if err := m.UploadArtifacts(cmd.Context(), *id, *local, *folder); err != nil {
			return err
		}
		return c.done(cmd, "%s is uploaded to %s of run %s.", *local, cmp.Or(*folder, "the top"), *id)
	})
	return cmd
}
