package databricks_test

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/millrace-ml/millrace/internal/auth"
)

type credential struct {
	RunID     string   `json:"run_id"`
	Path      string   `json:"path"`
	SignedURI string   `json:"signed_uri"`
	Headers   []string `json:"headers"`
	Type      string   `json:"type"`
}

// ask returns the signed URLs of a response.
func (ws *workspace) ask(t *testing.T, path, body string) []credential {
	t.Helper()
	resp, answer := ws.do(t, "POST", path, body)
	var out struct {
		Infos       []credential `json:"credential_infos"`
		Credentials []struct {
			Info credential `json:"credential_info"`
		} `json:"credentials"`
	}
	if err := json.Unmarshal([]byte(answer), &out); err != nil || resp.StatusCode != 200 {
		t.Fatalf("%s: %d %s", path, resp.StatusCode, answer)
	}
	for _, c := range out.Credentials {
		out.Infos = append(out.Infos, c.Info)
	}
	for i, c := range out.Infos {
		if c.Type != "GCP_SIGNED_URL" || c.Headers == nil || !strings.HasPrefix(c.SignedURI, ws.url+"/.well-known/") {
			t.Fatalf("%s: %+v", path, c)
		}
		out.Infos[i].SignedURI = strings.TrimPrefix(c.SignedURI, ws.url)
	}
	return out.Infos
}

func TestSignedURLs(t *testing.T) {
	t.Parallel()
	me := auth.UserOf("me@example.org")
	ws := newWorkspace(t, &me)
	for _, c := range []struct{ write, read, body, kept string }{
		{askRun + "write", askRun + "read", `{"run_id":"abc","path":["a b/f.txt"]}`, "1/abc/artifacts/a b/f.txt"},
		{askModel + "upload", askModel + "download", `{"model_id":"m-1","paths":["MLmodel"]}`, "1/models/m-1/artifacts/MLmodel"},
	} {
		write := ws.ask(t, c.write, c.body)
		if len(write) != 1 {
			t.Fatalf("%v", write)
		}
		if resp, body := ws.do(t, "PUT", write[0].SignedURI, "hello"); resp.StatusCode != 200 {
			t.Errorf("PUT: %d %s", resp.StatusCode, body)
		}
		if info, err := ws.repo.Stat(t.Context(), c.kept); err != nil || info.Size != 5 {
			t.Errorf("%s: %+v, %v", c.kept, info, err)
		}
		read := ws.ask(t, c.read, c.body)
		if resp, body := ws.do(t, "GET", read[0].SignedURI, "", "Range", "bytes=1-"); resp.StatusCode != 206 || body != "ello" {
			t.Errorf("GET: %d %s", resp.StatusCode, body)
		}
		// A URL permits only the requested method.
		for _, try := range [][2]string{{"GET", write[0].SignedURI}, {"PUT", read[0].SignedURI}} {
			if resp, body := ws.do(t, try[0], try[1], "x"); resp.StatusCode != 403 {
				t.Errorf("%s with the other's signature: %d %s", try[0], resp.StatusCode, body)
			}
		}
	}
	if got := ws.ask(t, askRun+"read", `{"run_id":"abc","path":["x","y/z"],"page_token":""}`); len(got) != 2 || got[0].Path != "x" || got[1].Path != "y/z" || got[0].RunID != "abc" {
		t.Errorf("%+v", got)
	}
	for body, want := range map[string]struct {
		status int
		text   string
	}{
		`{"run_id":"nope","path":["x"]}`:       {404, "Run with id=nope not found"},
		`{"run_id":"far","path":["x"]}`:        {400, "out of reach"},
		`{"run_id":"abc","path":["../x"]}`:     {400, "Invalid path"},
		`{"run_id":"abc","path":["a","/etc"]}`: {400, "Invalid path"},
		`{"run_id":`:                           {400, "JSON"},
		`{"run_id":"abc","path":"x"}`:          {400, "JSON"},
	} {
		if resp, answer := ws.do(t, "POST", askRun+"write", body); resp.StatusCode != want.status || !strings.Contains(answer, want.text) {
			t.Errorf("%s: %d %s", body, resp.StatusCode, answer)
		}
	}
}

func TestForgedSignatures(t *testing.T) {
	t.Parallel()
	me := auth.UserOf("me@example.org")
	ws, other := newWorkspace(t, &me), newWorkspace(t, &me)
	const ask = `{"run_id":"abc","path":["f"]}`
	uri := ws.ask(t, askRun+"write", ask)[0].SignedURI
	path, token, _ := strings.Cut(uri, "=")
	payload, mac, _ := strings.Cut(token, ".")
	encode := base64.RawURLEncoding.EncodeToString
	otherURI := other.ask(t, askRun+"write", ask)[0].SignedURI
	for name, forged := range map[string]string{
		"none":             "",
		"no signature":     payload,
		"empty signature":  payload + ".",
		"other's key":      otherURI[len(path)+1:],
		"other payload":    encode([]byte(`{"p":"1/abc/artifacts/g","w":true,"x":99999999999}`)) + "." + mac,
		"signed by zeros":  payload + "." + encode(make([]byte, 32)),
		"no base64":        payload + ".???",
		"longer signature": token + "AA",
	} {
		for _, method := range []string{http.MethodGet, http.MethodHead, http.MethodPut} {
			if resp, body := ws.do(t, method, path+"="+forged, "x"); resp.StatusCode != 403 {
				t.Errorf("%s, %s: %d %s", name, method, resp.StatusCode, body)
			}
		}
	}
	if resp, _ := ws.do(t, "PUT", uri, "x"); resp.StatusCode != 200 {
		t.Errorf("the true one: %d", resp.StatusCode)
	}
}
