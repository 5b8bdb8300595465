package api_test

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/millrace-ml/millrace/mlflow"
)

func TestRunArtifacts(t *testing.T) {
	t.Parallel()
	s := newArtifactServer(t)
	runID, base := s.run(t)
	s.put(t, base+"/a/b.txt", "hello")
	s.put(t, base+"/x.html", "<script>")
	run := "run_id=" + runID
	root := `"root_uri":"mlflow-artifacts:/` + base + `"`
	s.Check(t, []fact{
		{Name: "list", Method: "GET", Path: "artifacts/list?" + run, Has: []string{`{` + root + `,"files":[{"path":"a","is_dir":true},{"path":"x.html","is_dir":false,"file_size":8}]}`}},
		{Name: "list by run_uuid", Method: "GET", Path: "/ajax-api/2.0/mlflow/artifacts/list?run_uuid=" + runID, Has: []string{root}},
		{Name: "list folder", Method: "GET", Path: "artifacts/list?path=a/&" + run, Has: []string{`"files":[{"path":"a/b.txt","is_dir":false,"file_size":5}]`}},
		{Name: "list as typed", Method: "GET", Path: "artifacts/list?path=./a/.&" + run, Has: []string{`"files":[{"path":"a/b.txt","is_dir":false,"file_size":5}]`}},
		{Name: "list top as typed", Method: "GET", Path: "artifacts/list?path=.&" + run, Has: []string{`"path":"x.html"`}},
		{Name: "list proxy as typed", Method: "GET", Path: proxy + "?path=" + base + "/./a//", Has: []string{`{"files":[{"path":"b.txt","is_dir":false,"file_size":5}]}`}},
		{Name: "list file", Method: "GET", Path: "artifacts/list?path=x.html&" + run, Has: []string{`{` + root + `}`}},
		{Name: "list nothing", Method: "GET", Path: "artifacts/list?path=zz&page_token=x&" + run, Has: []string{`{` + root + `}`}},
		{Name: "list outside", Method: "GET", Path: "artifacts/list?path=../&" + run, Status: 400, Has: []string{`"Invalid path"`}},
		{Name: "list without run", Method: "GET", Path: "artifacts/list", Status: 400, Has: []string{"Missing value for required parameter 'run_id'. See the API docs"}},
		{Name: "list of no run", Method: "GET", Path: "artifacts/list?run_id=nope", Status: 404, Has: []string{"Run with id=nope not found"}},

		{Name: "get", Method: "GET", Path: "/get-artifact?path=a/b.txt&" + run, Has: []string{"hello"}},
		{Name: "get by run_uuid", Method: "GET", Path: "/get-artifact?path=x.html&run_uuid=" + runID, Has: []string{"<script>"}},
		{Name: "get without path", Method: "GET", Path: "/get-artifact?" + run, Status: 400},
		{Name: "get without run", Method: "GET", Path: "/get-artifact?path=a", Status: 404, Has: []string{"Run with id=None not found"}},
		{Name: "get folder", Method: "GET", Path: "/get-artifact?path=a&" + run, Status: 400, Has: []string{`"INVALID_PARAMETER_VALUE"`, "directory, not a file: '" + base + "/a'"}},
		{Name: "get nothing", Method: "GET", Path: "/get-artifact?path=zz&" + run, Status: 404, Has: []string{"No such artifact: '" + base + "/zz'"}},

		{Name: "upload", Path: "/ajax-api/2.0/mlflow/upload-artifact?path=up/u.txt&run_uuid=" + runID, Body: "data"},
		{Name: "uploaded", Method: "GET", Path: "/get-artifact?path=up/u.txt&" + run, Has: []string{"data"}},
		{Name: "upload without data", Path: "/ajax-api/2.0/mlflow/upload-artifact?path=up/u.txt&run_uuid=" + runID, Status: 400, Has: []string{"Request must specify data."}},
		{Name: "upload to a parent, without data", Path: "/ajax-api/2.0/mlflow/upload-artifact?path=../u.txt&run_uuid=" + runID, Status: 400, Has: []string{"Invalid path"}},
		{Name: "upload without run", Path: "/ajax-api/2.0/mlflow/upload-artifact?path=u", Body: "x", Status: 400, Has: []string{"Request must specify run_uuid."}},
		{Name: "upload without path", Path: "/ajax-api/2.0/mlflow/upload-artifact?run_uuid=" + runID, Body: "x", Status: 400, Has: []string{"Request must specify path."}},
		{Name: "upload to no run", Path: "/ajax-api/2.0/mlflow/upload-artifact?path=u&run_uuid=nope", Body: "x", Status: 404},
		{Name: "upload of 10 MiB", Path: "/ajax-api/2.0/mlflow/upload-artifact?path=big&run_uuid=" + runID, Body: strings.Repeat("x", 10<<20)},
		{Name: "upload of more", Path: "/ajax-api/2.0/mlflow/upload-artifact?path=bigger&run_uuid=" + runID, Body: strings.Repeat("x", 10<<20+1), Status: 400, Has: []string{"Artifact size is too large. Max size is 10MB."}},
		{Name: "uploads", Method: "GET", Path: "artifacts/list?" + run, Has: []string{`{"path":"big","is_dir":false,"file_size":10485760}`}, HasNot: []string{"bigger"}},
		{Name: "upload is for pages", Path: "upload-artifact?path=u&run_uuid=" + runID, Body: "x", Status: 404},

		{Name: "presigned upload", Path: "artifacts/presigned-upload-url", Body: `{"run_id":"` + runID + `","path":"x"}`, Status: 400, Has: []string{"Presigned upload is not supported for proxied artifact storage (artifact URI scheme: mlflow-artifacts)."}},
		{Name: "presigned upload of nothing", Path: "artifacts/presigned-upload-url", Body: `{"path":"x"}`, Status: 400, Has: []string{"Exactly one of run_id and model_id must be provided."}},
		{Name: "presigned upload of both", Path: "artifacts/presigned-upload-url", Body: `{"path":"x","run_id":"a","model_id":"b"}`, Status: 400, Has: []string{"Exactly one of run_id and model_id must be provided."}},
		{Name: "presigned download", Path: "artifacts/presigned-download-url", Body: `{"run_id":"` + runID + `","path":"x"}`, Status: 400, Has: []string{"Presigned download is not supported for runs with proxied artifact storage (artifact URI scheme: mlflow-artifacts)."}},
		{Name: "presigned for no time", Path: "artifacts/presigned-download-url", Body: `{"run_id":"` + runID + `","path":"x","expiration":0}`, Status: 400, Has: []string{"expiration must be between 1 and 604800 seconds (got 0)."}},
		{Name: "presigned outside", Path: "artifacts/presigned-download-url", Body: `{"run_id":"` + runID + `","path":"../x"}`, Status: 400, Has: []string{"Invalid path"}},
		{Name: "presigned of no run", Path: "artifacts/presigned-download-url", Body: `{"run_id":"nope","path":"x"}`, Status: 404},

		{Name: "parts without number", Path: "/api/2.0/mlflow-artifacts/mpu/create/" + base, Body: `{"path":"f"}`, Status: 400, Has: []string{"num_parts must be between 1 and 10000 (got 0)."}},
		{Name: "too many parts", Path: "/api/2.0/mlflow-artifacts/mpu/create/" + base, Body: `{"path":"f","num_parts":10001}`, Status: 400, Has: []string{"num_parts must be between"}},
		{Name: "parts without path", Path: "/api/2.0/mlflow-artifacts/mpu/create/" + base, Body: `{"num_parts":1}`, Status: 400, Has: []string{"Missing value for required parameter 'path'"}},
		{Name: "parts of a parent", Path: "/api/2.0/mlflow-artifacts/mpu/create/" + base, Body: `{"path":"..","num_parts":1}`, Status: 400, Has: []string{"Invalid path"}},
		{Name: "parts of a folder", Path: "/api/2.0/mlflow-artifacts/mpu/create/" + base, Body: `{"path":"a","num_parts":1}`, Status: 400, Has: []string{"directory, not a file"}},
		{Name: "parts outside", Path: "/api/2.0/mlflow-artifacts/mpu/create/a%252e%252e/x", Body: `{"path":"f"}`, Status: 400, Has: []string{"Invalid path"}},
		{Name: "presigned proxy outside", Method: "GET", Path: "/api/2.0/mlflow-artifacts/presigned/a%5cb", Status: 400, Has: []string{"Invalid path"}},
		{Name: "no parts done", Path: "/api/2.0/mlflow-artifacts/mpu/complete/" + base, Body: `{"path":"f","upload_id":"u","parts":[]}`, Status: 400, Has: []string{"parts must have between 1 and 10000 elements (got 0)."}},
		{Name: "parts of no upload done", Path: "/api/2.0/mlflow-artifacts/mpu/complete/" + base, Body: `{"path":"f","upload_id":"../u","parts":[{"part_number":1,"etag":"x"}]}`, Status: 404, Has: []string{"There is no such upload"}},
		{Name: "part 0 done", Path: "/api/2.0/mlflow-artifacts/mpu/complete/" + base, Body: `{"path":"f","upload_id":"u","parts":[{"part_number":0,"etag":"x"}]}`, Status: 400, Has: []string{"part_number must be between 1 and 10000 (got 0)."}},
		{Name: "parts aborted", Path: "/api/2.0/mlflow-artifacts/mpu/abort/" + base, Body: `{"path":"f","upload_id":"u"}`, Status: 404, Has: []string{"There is no such upload"}},
		{Name: "presigned proxy", Method: "GET", Path: "/api/2.0/mlflow-artifacts/presigned/" + base + "/a/b.txt", Has: []string{`"url":"http://`, `"headers":{},"file_size":5`}},
		{Name: "presigned nothing", Method: "GET", Path: "/api/2.0/mlflow-artifacts/presigned/" + base + "/zz", Status: 404, Has: []string{"No such artifact"}},
		{Name: "presigned folder", Method: "GET", Path: "/api/2.0/mlflow-artifacts/presigned/" + base + "/a", Status: 400, Has: []string{"directory, not a file"}},
		{Name: "signed by nobody", Method: "GET", Path: "/.well-known/millrace-artifact?token=x", Status: 403, Has: []string{"PERMISSION_DENIED"}},
		{Name: "signed by nothing", Method: "PUT", Path: "/.well-known/millrace-artifact", Body: "x", Status: 403, Has: []string{"PERMISSION_DENIED"}},
	})

	// The limit applies to uploads of unknown length.
	req, err := http.NewRequestWithContext(t.Context(), "POST", s.URL+"/ajax-api/2.0/mlflow/upload-artifact?path=chunked&run_uuid="+runID,
		io.MultiReader(strings.NewReader(strings.Repeat("x", 10<<20)), strings.NewReader("x")))
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	if resp.StatusCode != 400 {
		t.Errorf("chunked upload of more than 10 MiB: %d", resp.StatusCode)
	}
	if _, body := s.do(t, "GET", proxy+"?path="+base, ""); strings.Contains(body, "chunked") {
		t.Errorf("stored: %s", body)
	}
}

func TestModelArtifacts(t *testing.T) {
	t.Parallel()
	s := newArtifactServer(t)
	model, err := s.Store.CreateLoggedModel(t.Context(), 0, &mlflow.CreateLoggedModelRequest{ExperimentID: "0", Name: "m"})
	if err != nil {
		t.Fatal(err)
	}
	id := model.Info.ModelID
	base := strings.TrimPrefix(model.Info.ArtifactURI, "mlflow-artifacts:/")
	s.put(t, base+"/MLmodel", "flavors: {}")
	s.put(t, base+"/data/w", "w")
	files := "/ajax-api/2.0/mlflow/logged-models/" + id + "/artifacts/files"
	s.Check(t, []fact{
		{Name: "list", Method: "GET", Path: "logged-models/" + id + "/artifacts/directories", Has: []string{`"root_uri":"mlflow-artifacts:/` + base + `","files":[{"path":"MLmodel","is_dir":false,"file_size":11},{"path":"data","is_dir":true}]`}},
		{Name: "list folder", Method: "GET", Path: "logged-models/" + id + "/artifacts/directories?artifact_directory_path=data", Has: []string{`"files":[{"path":"data/w","is_dir":false,"file_size":1}]`}},
		{Name: "list outside", Method: "GET", Path: "logged-models/" + id + "/artifacts/directories?artifact_directory_path=..", Status: 400},
		{Name: "list no model", Method: "GET", Path: "logged-models/m-none/artifacts/directories", Status: 404},
		{Name: "get", Method: "GET", Path: files + "?artifact_file_path=MLmodel", Has: []string{"flavors: {}"}},
		{Name: "get without path", Method: "GET", Path: files, Status: 400, Has: []string{`"BAD_REQUEST"`, `Request must include the \"artifact_file_path\" query parameter.`}},
		{Name: "get outside", Method: "GET", Path: files + "?artifact_file_path=../x", Status: 400, Has: []string{"Invalid path"}},
		{Name: "get of no model", Method: "GET", Path: "/ajax-api/2.0/mlflow/logged-models/m-none/artifacts/files?artifact_file_path=MLmodel", Status: 404},
		{Name: "get is for pages", Method: "GET", Path: "logged-models/" + id + "/artifacts/files?artifact_file_path=MLmodel", Status: 404},
	})
}
