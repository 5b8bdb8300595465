package pages_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/millrace-ml/millrace/internal/api/apitest"
)

// TestMetricSeries asks for curves, follows them, and checks each limit on both sides.
func TestMetricSeries(t *testing.T) {
	t.Parallel()
	s := apitest.New(t)
	run := s.Run(t)
	const path = "/ajax-api/millrace/metrics/series"
	names := func(n int) string {
		list := make([]string, n)
		for i := range list {
			list[i] = fmt.Sprintf("%q", fmt.Sprintf("k%d", i))
		}
		return "[" + strings.Join(list, ",") + "]"
	}
	ask := func(name, rest string, status int, has ...string) apitest.Fact {
		body := `{"run_ids":["` + run + `"],"metric_keys":["m"],"samples":8` + rest + `}`
		return apitest.Fact{Name: name, Path: path, Body: body, Status: status, Has: has}
	}
	size := func(name, runs, keys string, samples, status int, has ...string) apitest.Fact {
		body := fmt.Sprintf(`{"run_ids":%s,"metric_keys":%s,"samples":%d}`, runs, keys, samples)
		return apitest.Fact{Name: name, Path: path, Body: body, Status: status, Has: has}
	}
	one := `["` + run + `"]`
	s.Check(t, []apitest.Fact{
		ask("no values yet", "", http.StatusOK, `{"statuses":["RUNNING"]}`),
		{Name: "log", Path: "runs/log-batch", Body: `{"run_id":"` + run + `","metrics":[` +
			`{"key":"m","value":1.5,"timestamp":1000,"step":3},{"key":"m","value":"NaN","timestamp":1010,"step":4},` +
			`{"key":"m","value":"-Infinity","timestamp":1005,"step":6}]}`},
		ask("whole", `,"ends":[""]`, http.StatusOK, `{"statuses":["RUNNING"],"series":[{"run":0,"key":0,"whole":true,`+
			`"end":"3 6 1005 5","steps":[3,1,2],"times":[1000,10,-5],"values":[1.5,"NaN",-1.7976931348623157e+308]}]}`),
		ask("nothing new", `,"ends":["3 6 1005 5"]`, http.StatusOK, `{"statuses":["RUNNING"]}`),
		{Name: "log more", Path: "runs/log-metric", Body: `{"run_id":"` + run + `","key":"m","value":2,"timestamp":1020,"step":7}`},
		{Name: "end", Path: "runs/update", Body: `{"run_id":"` + run + `","status":"FAILED"}`},
		ask("the new value of a run that has ended", `,"ends":["3 6 1005 5"]`, http.StatusOK,
			`{"statuses":["FAILED"],"series":[{"run":0,"key":0,"whole":false,"end":"4 7 1020 0","steps":[7],"times":[1020],"values":[2.0]}]}`),
		ask("a client of another history", `,"ends":["9 6 1005 5"]`, http.StatusOK, `"whole":true`),
		ask("a window of steps", `,"from":4,"to":6`, http.StatusOK, `"end":"","steps":[4,2]`),
		ask("a window of time", `,"axis":"time","from":1005,"to":1010`, http.StatusOK, `"steps":[4,2],"times":[1010,-5]`),
		ask("a window of relative time", `,"axis":"relative","from":5,"to":9`, http.StatusOK, `"steps":[6],"times":[1005]`),
		ask("a window of one step", `,"axis":"step","from":4,"to":4`, http.StatusOK, `"steps":[4]`),

		ask("an axis", `,"axis":"wall"`, http.StatusBadRequest, "'wall'"),
		ask("half a window", `,"from":4`, http.StatusBadRequest, "used together"),
		ask("the other half", `,"to":4`, http.StatusBadRequest, "used together"),
		ask("a window backwards", `,"from":4,"to":3`, http.StatusBadRequest, "from=4 and to=3"),
		ask("a window and ends", `,"from":4,"to":5,"ends":[""]`, http.StatusBadRequest, "has none"),
		ask("too few ends", `,"metric_keys":["m","n"],"ends":[""]`, http.StatusBadRequest, "ends must have"),
		ask("too many ends", `,"ends":["",""]`, http.StatusBadRequest, "Got 2"),
		ask("not an end", `,"ends":["x"]`, http.StatusBadRequest, "ends[0]"),
		ask("a run twice", `,"run_ids":["`+run+`","`+run+`"]`, http.StatusBadRequest),
		size("no runs", `[]`, `["m"]`, 8, http.StatusBadRequest, "run_ids"),
		size("no metrics", one, `[]`, 8, http.StatusBadRequest, "metric_keys"),
		size("a metric twice", one, `["a","b","a"]`, 8, http.StatusBadRequest, "'a' twice"),
		size("the fewest samples", one, `["m"]`, 4, http.StatusOK),
		size("too few samples", one, `["m"]`, 3, http.StatusBadRequest, "Got 3"),
		size("the most samples", one, `["m"]`, 2500, http.StatusOK),
		size("too many samples", one, `["m"]`, 2501, http.StatusBadRequest, "Got 2501"),
		size("the most series", names(20), names(100), 4, http.StatusOK),
		size("too many series", one, names(2001), 4, http.StatusBadRequest, "2001 metrics of 1 runs"),
		size("the most values", one, names(160), 2500, http.StatusOK),
		size("too many values", one, names(161), 2500, http.StatusBadRequest, "400000 values"),
		{Name: "no samples", Path: path, Body: `{"run_ids":` + one + `,"metric_keys":["m"]}`, Status: http.StatusBadRequest, Has: []string{"samples"}},
	})
}
