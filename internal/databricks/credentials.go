package databricks

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/millrace-ml/millrace/internal/artifact"
	"github.com/millrace-ml/millrace/internal/httplimit"
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
	Path    string `json:"p"`
	Write   bool   `json:"w,omitempty"`
	Expires int64  `json:"x"` // Unix seconds
}

// signer signs grants.
type signer struct{ key [sha256.Size]byte }

func (s *signer) mac(payload string) []byte {
	h := hmac.New(sha256.New, s.key[:])
	h.Write([]byte(payload))
	return h.Sum(nil)
}

func (s *signer) sign(g grant) (string, error) {
	b, err := json.Marshal(g)
	if err != nil {
		return "", err
	}
	payload := base64.RawURLEncoding.EncodeToString(b)
	return payload + "." + base64.RawURLEncoding.EncodeToString(s.mac(payload)), nil
}

var errGrant error = &mlflow.Error{
	Code:    mlflow.PermissionDenied,
	Message: "The signed URL is not valid or has expired. Ask for a new one.",
}

// open verifies a token and returns the path that it grants access to.
func (s *signer) open(token string, write bool) (string, error) {
	payload, sum, _ := strings.Cut(token, ".")
	mac, err := base64.RawURLEncoding.DecodeString(sum)
	if err != nil || !hmac.Equal(mac, s.mac(payload)) {
		return "", errGrant
	}
	b, err := base64.RawURLEncoding.DecodeString(payload)
	if err != nil {
		return "", errGrant
	}
	var g grant
	if err := json.Unmarshal(b, &g); err != nil || g.Write != write || time.Now().Unix() >= g.Expires {
		return "", errGrant
	}
	return g.Path, nil
}

type credential struct {
	RunID     string   `json:"run_id,omitempty"`
	Path      string   `json:"path"`
	SignedURI string   `json:"signed_uri"`
	Headers   []string `json:"headers"`
	Type      string   `json:"type"`
}

// runCredentials returns a signed URL for each path below the artifacts of a run.
func (d *Door) runCredentials(s *signer, write bool) func(http.ResponseWriter, *http.Request) error {
	return func(w http.ResponseWriter, r *http.Request) error {
		var in struct {
			RunID string   `json:"run_id"`
			Paths []string `json:"path"`
		}
		if err := readAsk(w, r, &in); err != nil {
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
func (d *Door) modelCredentials(s *signer, write bool) func(http.ResponseWriter, *http.Request) error {
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

func (d *Door) credentials(r *http.Request, s *signer, write bool, id string, paths []string,
	uriOf func(context.Context, string) (string, error),
) ([]credential, error) {
	uri, err := uriOf(r.Context(), id)
	if err != nil {
		return nil, err
	}
	return d.sign(r, s, write, uri, paths)
}

// sign returns a signed URL for each path below an artifact URI.
func (d *Door) sign(r *http.Request, s *signer, write bool, uri string, paths []string) ([]credential, error) {
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
		token, err := s.sign(grant{artifact.Join(base, p), write, time.Now().Add(signedFor).Unix()})
		if err != nil {
			return nil, err
		}
		// This type means a plain PUT or GET of any size.
		infos[i] = credential{
			Path:      raw,
			SignedURI: d.base(r) + signedPath + "?token=" + token,
			Headers:   []string{},
			Type:      "GCP_SIGNED_URL",
		}
	}
	return infos, nil
}

// signedDownload and signedUpload serve signed URLs. The signature replaces the
// authentication of the user who requested the URL.

func (d *Door) signedDownload(s *signer) func(http.ResponseWriter, *http.Request) error {
	return func(w http.ResponseWriter, r *http.Request) error {
		p, err := s.open(r.URL.Query().Get("token"), false)
		if err != nil {
			return err
		}
		repo, err := d.Proxy()
		if err != nil {
			return err
		}
		return sendBytes(w, r, repo, p)
	}
}

func (d *Door) signedUpload(s *signer) func(http.ResponseWriter, *http.Request) error {
	return func(_ http.ResponseWriter, r *http.Request) error {
		p, err := s.open(r.URL.Query().Get("token"), true)
		if err != nil {
			return err
		}
		repo, err := d.Proxy()
		if err != nil {
			return err
		}
		return artifact.Receive(r, repo, p)
	}
}
