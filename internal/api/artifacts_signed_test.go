package api_test

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/millrace-ml/millrace/mlflow"
)

// send sends a request and returns the response with its body.
func send(t *testing.T, method, url, body string) (*http.Response, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if method == http.MethodPost {
		req.Header.Set("Content-Type", "application/json")
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp, string(text)
}

// TestUploadInParts uploads a file to a local folder as clients of object stores do: the
// parts in any order, one of them twice, without credentials.
func TestUploadInParts(t *testing.T) {
	t.Parallel()
	s := newArtifactServer(t)
	_, base := s.run(t)
	const route = "/api/2.0/mlflow-artifacts/"
	resp, text := send(t, "POST", s.URL+route+"mpu/create/"+base+"/d", `{"path":"/home/me/big.bin","num_parts":3}`)
	var upload mlflow.MultipartUpload
	if err := json.Unmarshal([]byte(text), &upload); err != nil || resp.StatusCode != 200 || len(upload.Credentials) != 3 {
		t.Fatalf("%d %s", resp.StatusCode, text)
	}
	done := mlflow.CompleteMultipartRequest{Path: "big.bin", UploadID: upload.UploadID}
	tags := map[int32]string{}
	contents := map[int32]string{1: strings.Repeat("a", 100_000), 2: strings.Repeat("b", 100_000), 3: "c"}
	for _, number := range []int32{3, 1, 2, 1} {
		c := upload.Credentials[number-1]
		if c.PartNumber != number || len(c.Headers) > 0 {
			t.Errorf("%+v", c)
		}
		resp, text := send(t, "PUT", c.URL, contents[number])
		if tags[number] = resp.Header.Get("ETag"); resp.StatusCode != 200 || tags[number] == "" {
			t.Fatalf("part %d: %d %s", number, resp.StatusCode, text)
		}
		if resp, _ := send(t, "GET", c.URL, ""); resp.StatusCode != 403 {
			t.Errorf("GET of a part: %d", resp.StatusCode)
		}
	}
	complete := func(status int) {
		t.Helper()
		body, err := json.Marshal(done)
		if err != nil {
			t.Fatal(err)
		}
		if resp, text := send(t, "POST", s.URL+route+"mpu/complete/"+base+"/d", string(body)); resp.StatusCode != status {
			t.Errorf("complete: %d %s, want %d", resp.StatusCode, text, status)
		}
	}
	done.Parts = []mlflow.MultipartPart{{PartNumber: 1, ETag: tags[2]}}
	complete(400) // Another part has this tag.
	done.Parts = []mlflow.MultipartPart{{PartNumber: 2, ETag: tags[2]}, {PartNumber: 3, ETag: tags[3]}, {PartNumber: 1, ETag: tags[1]}}
	done.Path = "other.bin"
	complete(404) // The upload is that of another file.
	done.Path = "big.bin"
	complete(200)
	complete(404) // The upload has ended.
	resp, text = send(t, "GET", s.URL+route+"presigned/"+base+"/d/big.bin", "")
	var signed mlflow.PresignedProxyResponse
	if err := json.Unmarshal([]byte(text), &signed); err != nil || signed.FileSize != 200_001 {
		t.Fatalf("%d %s", resp.StatusCode, text)
	}
	if resp, text = send(t, "GET", signed.URL, ""); resp.StatusCode != 200 || text != contents[1]+contents[2]+contents[3] {
		t.Errorf("GET: %d, %d bytes", resp.StatusCode, len(text))
	}
	if resp, _ := send(t, "PUT", signed.URL, "x"); resp.StatusCode != 403 {
		t.Errorf("PUT of a download: %d", resp.StatusCode)
	}
}
