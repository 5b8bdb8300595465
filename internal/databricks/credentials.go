package databricks

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"time"

	"github.com/millrace-ml/millrace/internal/artifact"
	"github.com/millrace-ml/millrace/internal/httplimit"
	"github.com/millrace-ml/millrace/internal/permit"
	"github.com/millrace-ml/millrace/internal/signedurl"
	"github.com/millrace-ml/millrace/mlflow"
)

// Clients that do not use the Files API request a signed URL for each file. The signed
// URLs are URLs of this server.

const (
	signedPath = "/.well-known/databricks-artifact"
	signedFor  = time.Hour
	maxAsk     = 8 << 20 // bytes of such a request
)

// grant is what a signed URL permits.
type grant struct {
	Path string `json:"p"`
	// API reports that Path is a path of the Files API. Otherwise it is a path in the
	// proxy.
	API   bool `json:"a,omitempty"`
	Write bool `json:"w,omitempty"`
}

// openGrant verifies a token and returns what it grants.
func openGrant(s *signedurl.Signer, token string, write bool) (g grant, err error) {
	if err := s.Open(token, &g); err != nil {
		return grant{}, err
	}
	if g.Write != write {
		return grant{}, mlflow.Errorf(mlflow.PermissionDenied, "The signed URL is for another method.")
	}
	return g, nil
}

type credential struct {
	RunID     string   `json:"run_id,omitempty"`
	Path      string   `json:"path"`
	SignedURI string   `json:"signed_uri"`
	Headers   []string `json:"headers"`
	Type      string   `json:"type"`
}

// runCredentials returns a signed URL for each path below the artifacts of a run.
func (d *Door) runCredentials(s *signedurl.Signer, write bool) func(http.ResponseWriter, *http.Request) error {
	return func(w http.ResponseWriter, r *http.Request) error {
		var in struct {
			RunID string   `json:"run_id"`
			Paths []string `json:"path"`
		}
		if err := readAsk(w, r, &in); err != nil {
			return err
		}
		mayUse := func(c *permit.Checker) error { return c.Run(in.RunID, action(write)) }
		if err := permit.Current(r.Context(), d.Owners, mayUse); err != nil {
			return err
		}
		infos, err := d.credentials(r, s, write, in.RunID, in.Paths, d.RunURI)
		if err != nil {
			return err
		}
		for i := range infos {
			infos[i].RunID = in.RunID
		}
		return writeJSON(w, struct {
			Infos []credential `json:"credential_infos"`
		}{infos})
	}
}

// modelCredentials returns a signed URL for each path below the artifacts of a logged
// model.
func (d *Door) modelCredentials(s *signedurl.Signer, write bool) func(http.ResponseWriter, *http.Request) error {
	return func(w http.ResponseWriter, r *http.Request) error {
		var in struct {
			Paths []string `json:"paths"`
		}
		if err := readAsk(w, r, &in); err != nil {
			return err
		}
		infos, err := d.credentials(r, s, write, r.PathValue("model_id"), in.Paths, d.ModelURI)
		if err != nil {
			return err
		}
		type wrapped struct {
			Info credential `json:"credential_info"`
		}
		out := make([]wrapped, len(infos))
		for i, info := range infos {
			out[i].Info = info
		}
		return writeJSON(w, struct {
			Credentials []wrapped `json:"credentials"`
		}{out})
	}
}

func readAsk(w http.ResponseWriter, r *http.Request, in any) error {
	body, err := httplimit.ReadBody(w, r, maxAsk)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(body, in); err != nil {
		return mlflow.Errorf(mlflow.InvalidParameterValue, "The request body is not the JSON object that was expected.")
	}
	return nil
}

func (d *Door) credentials(r *http.Request, s *signedurl.Signer, write bool, id string, paths []string,
	uriOf func(context.Context, string) (string, error),
) ([]credential, error) {
	uri, err := uriOf(r.Context(), id)
	if err != nil {
		return nil, err
	}
	return d.sign(r, s, write, uri, paths)
}

// sign returns a signed URL for each path below an artifact URI.
func (d *Door) sign(
	r *http.Request, s *signedurl.Signer, write bool, uri string, paths []string,
) ([]credential, error) {
	repo, base, err := d.Locate(uri)
	if err != nil {
		return nil, err
	}
	if proxy, err := d.Proxy(); err != nil || repo != proxy {
		return nil, errors.Join(
			err,
			mlflow.Errorf(mlflow.NotImplemented, "Only artifacts kept by this server's proxy can be reached by a signed URL."),
		)
	}
	infos := make([]credential, len(paths))
	for i, raw := range paths {
		p, err := artifact.CleanPath(raw)
		if err != nil {
			return nil, err
		}
		signed, err := d.signedURL(r, s, grant{Path: artifact.Join(base, p), Write: write})
		if err != nil {
			return nil, err
		}
		// This type means a plain PUT or GET of any size.
		infos[i] = credential{
			Path:      raw,
			SignedURI: signed,
			Headers:   []string{},
			Type:      "GCP_SIGNED_URL",
		}
	}
	return infos, nil
}

// signedURL returns a URL of this server for what g grants, from now on.
func (d *Door) signedURL(r *http.Request, s *signedurl.Signer, g grant) (string, error) {
	token, err := s.Sign(g, signedFor)
	return d.base(r) + signedPath + "?token=" + token, err
}

// fileURL returns a signed URL for a path of the Files API in the body of a request. It
// passes requests with the path in the query to next: the client that sends them can
// read files of the Files API without a signed URL if the response is an error, and
// does not depend on the address in the URL then.
func (d *Door) fileURL(
	s *signedurl.Signer, write bool, next http.Handler,
) func(http.ResponseWriter, *http.Request) error {
	return func(w http.ResponseWriter, r *http.Request) error {
		if r.URL.RawQuery != "" {
			next.ServeHTTP(w, r)
			return nil
		}
		var in struct {
			Path string `json:"path"`
		}
		if err := readAsk(w, r, &in); err != nil {
			return err
		}
		mayUse := func(c *permit.Checker) error { return d.permitted(c, in.Path, action(write)) }
		if err := permit.Current(r.Context(), d.Owners, mayUse); err != nil {
			return err
		}
		at, err := d.place(r.Context(), in.Path)
		if err == nil && write {
			err = at.mayWrite(r.Context())
		}
		if err != nil {
			return err
		}
		signed, err := d.signedURL(r, s, grant{Path: in.Path, API: true, Write: write})
		if err != nil {
			return err
		}
		return writeJSON(w, struct {
			URL     string   `json:"url"`
			Headers []string `json:"headers"`
		}{signed, []string{}})
	}
}

// granted returns the place that a signed URL grants access to. The signature replaces
// the authentication of the user who requested the URL.
func (d *Door) granted(r *http.Request, s *signedurl.Signer, write bool) (place, error) {
	g, err := openGrant(s, r.URL.Query().Get("token"), write)
	if err != nil {
		return place{}, err
	}
	if g.API {
		return d.place(r.Context(), g.Path)
	}
	repo, err := d.Proxy()
	return d.proxyPlace(repo, g.Path), err
}

func (d *Door) signedDownload(s *signedurl.Signer) func(http.ResponseWriter, *http.Request) error {
	return func(w http.ResponseWriter, r *http.Request) error {
		at, err := d.granted(r, s, false)
		if err != nil {
			return err
		}
		return sendBytes(w, r, at.repo, at.path)
	}
}

func (d *Door) signedUpload(s *signedurl.Signer) func(http.ResponseWriter, *http.Request) error {
	return func(_ http.ResponseWriter, r *http.Request) error {
		at, err := d.granted(r, s, true)
		if err == nil {
			err = at.mayWrite(r.Context())
		}
		if err != nil {
			return err
		}
		return at.receive(r)
	}
}
