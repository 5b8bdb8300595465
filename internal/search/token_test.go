package search

import (
	"encoding/base64"
	"strings"
	"testing"

	"github.com/millrace-ml/millrace/mlflow"
)

func TestOffset(t *testing.T) {
	t.Parallel()
	if got := EncodeOffset(2); got != "eyJvZmZzZXQiOiAyfQ==" {
		t.Errorf("EncodeOffset(2) = %s", got)
	}
	for _, c := range []struct {
		token string
		want  int
		err   string
	}{
		{"", 0, ""},
		{EncodeOffset(1), 1, ""},
		{EncodeOffset(123456), 123456, ""},
		{`{"offset": "7"}`, 7, ""},
		{" eyJvZmZzZXQ\niOiAyfQ==", 2, ""},
		{"bad", 0, "Invalid page token, could not base64-decode"},
		{"zz", 0, "Invalid page token, could not base64-decode"},
		{`nonsense`, 0, "Invalid page token, decoded value=b'"},
		{`{"offset": 0}`, 0, "Invalid page token, parsed value={'offset': 0}"},
		{`{}`, 0, "Invalid page token, parsed value={}"},
		{`[1]`, 0, "Invalid page token, parsed value=[1]"},
		{`{"offset": null}`, 0, "Invalid page token, parsed value={'offset': None}"},
		{`{"offset": ""}`, 0, "Invalid page token, parsed value={'offset': ''}"},
		{`{"offset": "a"}`, 0, "Invalid page token, not stringable a"},
		{`{"offset": -1}`, 0, "Invalid page token, parsed value={'offset': -1}"},
		{`{"offset": 1e300}`, 0, "Invalid page token, parsed value={'offset': 1e+300}"},
		{`{"offset": [2], "x": true}`, 0, "Invalid page token, parsed value={'offset': [2], 'x': True}"},
	} {
		token := c.token
		if strings.ContainsAny(token, "{[") {
			token = base64.StdEncoding.EncodeToString([]byte(token))
		}
		got, err := DecodeOffset(token)
		if got != c.want {
			t.Errorf("%s: got %d, want %d", c.token, got, c.want)
		}
		if e := mlflow.AsError(err); (e == nil) != (c.err == "") || (e != nil && !strings.HasPrefix(e.Message, c.err)) {
			t.Errorf("%s: got %v, want %q", c.token, err, c.err)
		}
	}
}

func TestLoggedModelPage(t *testing.T) {
	t.Parallel()
	down, up := false, true
	made := mlflow.SearchLoggedModelsRequest{
		ExperimentIDs: []string{"1", "2"},
		Filter:        "metrics.loss < 1",
		OrderBy: []mlflow.LoggedModelOrderBy{
			{FieldName: "metrics.loss", Ascending: &down, DatasetName: "ds"},
			{FieldName: "name"},
		},
	}
	token, err := EncodeLoggedModelPage(&made, 50)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name   string
		change func(*mlflow.SearchLoggedModelsRequest)
		err    string
	}{
		{"same", func(*mlflow.SearchLoggedModelsRequest) {}, ""},
		{"ascending spelled out", func(in *mlflow.SearchLoggedModelsRequest) { in.OrderBy[1].Ascending = &up }, ""},
		{
			"experiments", func(in *mlflow.SearchLoggedModelsRequest) { in.ExperimentIDs = []string{"1"} },
			"Experiment IDs in the page token do not match the requested experiment IDs. Expected: ['1']. Found: ['1', '2']",
		},
		{
			"filter", func(in *mlflow.SearchLoggedModelsRequest) { in.Filter = "" },
			"Filter string in the page token does not match the requested filter string. Expected: None. Found: metrics.loss < 1",
		},
		{
			"order", func(in *mlflow.SearchLoggedModelsRequest) { in.OrderBy = nil },
			"Order by in the page token does not match the requested order by. Expected: None. Found: [{'field_name': 'metrics.loss', " +
				"'ascending': False, 'dataset_name': 'ds', 'dataset_digest': None}, {'field_name': 'name', 'ascending': True, " +
				"'dataset_name': None, 'dataset_digest': None}]",
		},
		{"no base64", func(in *mlflow.SearchLoggedModelsRequest) { in.PageToken = "x" }, "Invalid page token: x"},
		{"no JSON", func(in *mlflow.SearchLoggedModelsRequest) { in.PageToken = "eHg=" }, "Invalid page token: eHg="},
		{
			"negative", func(in *mlflow.SearchLoggedModelsRequest) {
				if in.PageToken, err = EncodeLoggedModelPage(&made, -5); err != nil {
					t.Fatal(err)
				}
			}, "Invalid page token: ",
		},
	} {
		in := made
		in.OrderBy = append([]mlflow.LoggedModelOrderBy{}, made.OrderBy...)
		in.PageToken = token
		c.change(&in)
		got, err := DecodeLoggedModelPage(&in)
		if c.err == "" {
			if err != nil || got != 50 {
				t.Errorf("%s: got %d, %v", c.name, got, err)
			}
			continue
		}
		if e := mlflow.AsError(err); e == nil || !strings.HasPrefix(e.Message, c.err) {
			t.Errorf("%s: got %v, want %q", c.name, err, c.err)
		}
	}
	if n, err := DecodeLoggedModelPage(&mlflow.SearchLoggedModelsRequest{}); n != 0 || err != nil {
		t.Errorf("no token: %d, %v", n, err)
	}
}
