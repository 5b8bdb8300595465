package client

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/millrace-ml/millrace/internal/cli/output"
	"github.com/millrace-ml/millrace/mlflow"
)

// NewArtifacts returns the command `millrace artifacts`.
func NewArtifacts() *cobra.Command {
	cmd, c := newCommand("artifacts", "List, download and upload artifacts of runs",
		`  millrace artifacts list --run-id $RUN_ID
  millrace artifacts download --run-id $RUN_ID --artifact-path model --dst-path .
  millrace artifacts log-artifact --run-id $RUN_ID --local-file plot.png`)
	cmd.AddCommand(
		newArtifactsList(c), newArtifactsDownload(c),
		newArtifactsLog(c, "log-artifact", "Upload a file to the artifacts of a run", "local-file", false),
		newArtifactsLog(c, "log-artifacts", "Upload the contents of a folder to the artifacts of a run", "local-dir", true),
	)
	return cmd
}

func newArtifactsList(c *command) *cobra.Command {
	cmd := &cobra.Command{Use: "list", Short: "List the artifacts in a folder of a run", Args: cobra.NoArgs}
	id := runIDFlag(c, cmd)
	folder := cmd.Flags().StringP("artifact-path", "a", "", "`folder` to list (default the root)")
	cmd.RunE = c.run(func(cmd *cobra.Command, _ []string, m *mlflow.Client) error {
		files, err := m.ListArtifacts(cmd.Context(), *id, *folder)
		if err != nil {
			return err
		}
		files = append([]mlflow.FileInfo{}, files...)
		return c.print(cmd, files, func(out io.Writer) error {
			t := output.Table{Empty: "No artifacts found.", Header: []string{"PATH", "SIZE"}}
			for _, f := range files {
				if f.IsDir {
					t.Add(f.Path+"/", "-")
					continue
				}
				t.Add(f.Path, output.Bytes(f.FileSize))
			}
			return t.Write(out)
		})
	})
	return cmd
}

func newArtifactsDownload(c *command) *cobra.Command {
	var runID, path, uri, dst string
	cmd := &cobra.Command{
		Use:   "download",
		Short: "Download a file or folder and print its local path",
		Args:  cobra.NoArgs,
		RunE: c.run(func(cmd *cobra.Command, _ []string, m *mlflow.Client) error {
			switch {
			case (runID == "") == (uri == ""):
				return errors.New("specify either --run-id, optionally with --artifact-path, or --artifact-uri")
			case uri != "" && path != "":
				return errors.New("--artifact-path requires --run-id; append the path to --artifact-uri instead")
			}
			return c.fetch(cmd, dst, func(dir string) (string, error) {
				if uri != "" {
					return m.DownloadArtifactURI(cmd.Context(), uri, dir)
				}
				return m.DownloadArtifacts(cmd.Context(), runID, path, dir)
			})
		}),
	}
	cmd.Flags().StringVarP(&runID, "run-id", "r", "", "`ID` of the run")
	cmd.Flags().StringVarP(&path, "artifact-path", "a", "", "`path` of a file or folder of the run (default all)")
	cmd.Flags().StringVarP(&uri, "artifact-uri", "u", "",
		"`URI` of the files: runs:/<run_id>/<path>, models:/<name>/<version>,\n"+
			"models:/<name>@<alias>, models:/<model_id>, or an artifact URI")
	dstFlag(cmd, &dst)
	c.completeFlag(cmd, "run-id", runIDs)
	c.completeFlag(cmd, "artifact-uri", modelURIs)
	return cmd
}

// dstFlag adds the flag that names the folder of a download.
func dstFlag(cmd *cobra.Command, dst *string) {
	cmd.Flags().StringVarP(dst, "dst-path", "d", "",
		"destination `folder`, which is created if it does not exist\n(default a new temporary folder)")
}

// fetch creates the folder dst, or a temporary folder if dst is empty, calls
// download with it, and prints the path of the downloaded files.
func (c *command) fetch(cmd *cobra.Command, dst string, download func(dir string) (string, error)) error {
	var dir string
	var err error
	if dst == "" {
		dir, err = os.MkdirTemp("", "millrace-artifacts-")
	} else if dir, err = filepath.Abs(dst); err == nil {
		err = os.MkdirAll(dir, 0o755) //nolint:gosec // Other users may read downloads.
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
	return c.printf(cmd, map[string]string{"path": local}, "%s", local)
}

// newArtifactsLog returns the command that uploads a file, or with folders the
// command that uploads the contents of a folder.
func newArtifactsLog(c *command, use, short, flag string, folders bool) *cobra.Command {
	cmd := &cobra.Command{Use: use, Short: short, Args: cobra.NoArgs}
	local := cmd.Flags().StringP(flag, "l", "", "`path` to upload (required)")
	require(cmd, flag)
	id := runIDFlag(c, cmd)
	folder := cmd.Flags().StringP("artifact-path", "a", "",
		"destination `folder` in the run's artifacts (default the root)")
	cmd.RunE = c.run(func(cmd *cobra.Command, _ []string, m *mlflow.Client) error {
		info, err := os.Stat(*local)
		switch {
		case err != nil:
			return err
		case info.IsDir() && !folders:
			return fmt.Errorf("%s is a folder; use `millrace artifacts log-artifacts` to upload its contents", *local)
		case !info.IsDir() && folders:
			return fmt.Errorf("%s is a file; use `millrace artifacts log-artifact` to upload it", *local)
		}
		if err := m.UploadArtifacts(cmd.Context(), *id, *local, *folder); err != nil {
			return err
		}
		return c.done(cmd, "Uploaded %s to %s of run %s.", *local, cmp.Or(*folder, "the root"), *id)
	})
	return cmd
}
