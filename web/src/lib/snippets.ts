// Code to load a model version, for people to copy.

/** Names and addresses end up inside string literals, which JSON's escapes fit in both languages. */
const quoted = (text: string) => JSON.stringify(text);

/** @param reference a version number, or an alias with its "@" */
export function pythonSnippet(server: string, name: string, reference: string): string {
  const uri = `models:/${name}${reference.startsWith("@") ? "" : "/"}${reference}`;
  return `import mlflow

mlflow.set_tracking_uri(${quoted(server)})
model = mlflow.pyfunc.load_model(${quoted(uri)})`;
}

/**
 * There is no runtime for MLflow models in Go; what a Go program can do is fetch the files over REST.
 *
 * @param listURL lists a folder once the folder's path is appended to it
 * @param fileURL answers with a file once the file's path is appended to it
 */
export function goSnippet(listURL: string, fileURL: string, folder: string): string {
  return `package main

import (
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
)

const (
	listURL = ${quoted(listURL)}
	fileURL = ${quoted(fileURL)}
	folder  = ${quoted(folder)}
)

func main() {
	if err := download(""); err != nil {
		log.Fatal(err)
	}
}

// download copies a directory of the model into folder. Where the
// server asks for a login, set it on each request with SetBasicAuth.
func download(dir string) error {
	body, err := get(listURL + url.QueryEscape(dir))
	if err != nil {
		return err
	}
	defer body.Close()
	var listing struct {
		Files []struct {
			Path  string \`json:"path"\`
			IsDir bool   \`json:"is_dir"\`
		} \`json:"files"\`
	}
	if err := json.NewDecoder(body).Decode(&listing); err != nil {
		return err
	}
	for _, f := range listing.Files {
		if f.IsDir {
			err = download(f.Path)
		} else {
			err = save(f.Path)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func save(path string) error {
	if !filepath.IsLocal(path) {
		return fmt.Errorf("unexpected path %q", path)
	}
	body, err := get(fileURL + url.QueryEscape(path))
	if err != nil {
		return err
	}
	defer body.Close()
	target := filepath.Join(folder, filepath.FromSlash(path))
	if err := os.MkdirAll(filepath.Dir(target), 0o755); err != nil {
		return err
	}
	out, err := os.Create(target)
	if err != nil {
		return err
	}
	if _, err := io.Copy(out, body); err != nil {
		out.Close()
		return err
	}
	return out.Close()
}

func get(url string) (io.ReadCloser, error) {
	resp, err := http.Get(url)
	if err != nil {
		return nil, err
	}
	if resp.StatusCode != http.StatusOK {
		resp.Body.Close()
		return nil, fmt.Errorf("%s: %s", url, resp.Status)
	}
	return resp.Body, nil
}`;
}
