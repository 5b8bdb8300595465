package deploy_test

import (
	"encoding/json"
	"io"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// The dashboard and the alert rules contain names of metrics, labels and values of
// labels. These tests compare them with the metrics of a server.

type rules struct {
	Groups []struct {
		Name  string `yaml:"name"`
		Rules []struct {
			Alert       string            `yaml:"alert"`
			Expr        string            `yaml:"expr"`
			For         string            `yaml:"for"`
			Labels      map[string]string `yaml:"labels"`
			Annotations map[string]string `yaml:"annotations"`
		} `yaml:"rules"`
	} `yaml:"groups"`
}

type panel struct {
	ID         int
	Type       string
	Title      string
	Datasource struct{ Type, UID string }
	GridPos    struct{ X, Y, W, H int }
	Targets    []struct{ Expr, LegendFormat, RefID string }
}

type dashboard struct {
	UID, Title string
	Panels     []panel
	Templating struct {
		List []struct {
			Name, Type string
			Query      any
		}
	}
}

// metrics maps each metric to its labels and their values.
type metrics map[string]map[string]map[string]bool

var (
	sample     = regexp.MustCompile(`^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? \S+$`)
	labelPair  = regexp.MustCompile(`([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\]|\\.)*)"`)
	identifier = regexp.MustCompile(`[a-zA-Z_:][a-zA-Z0-9_:]*`)
	matcher    = regexp.MustCompile(`([a-zA-Z_][a-zA-Z0-9_]*)\s*(=~|!~|!=|=)\s*"((?:[^"\\]|\\.)*)"`)
	selection  = regexp.MustCompile(`([a-zA-Z_:][a-zA-Z0-9_:]*)\s*\{([^}]*)\}`)
	grouping   = regexp.MustCompile(`\b(?:by|without)\s*\(([^)]*)\)`)
	window     = regexp.MustCompile(`\[[^\]]*\]`)
)

// words lists the words of PromQL that the files use.
var words = strings.Fields("sum count max min by topk rate increase changes histogram_quantile time")

// ofPrometheus lists the labels that Prometheus adds.
var ofPrometheus = []string{"job", "instance"}

// served returns the metrics of a server after some traffic.
func served(t *testing.T) metrics {
	t.Helper()
	s := start(t, load(t, []string{"server"}, nil))
	for _, path := range []string{"/", "/health", "/readyz", "/api/2.0/mlflow/experiments/get?experiment_id=0", "/api/2.0/mlflow/none"} {
		get(t, s.URL()+path, "localhost")
	}
	resp, err := http.Post(s.URL()+"/api/2.0/mlflow/experiments/create", "application/json", strings.NewReader(`{"name":"e"}`))
	if err != nil || resp.StatusCode != http.StatusOK {
		t.Fatalf("%v, %v", resp, err)
	}
	resp.Body.Close()
	if resp, err = http.Get(s.URL() + "/metrics"); err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return parse(t, string(text))
}

func parse(t *testing.T, text string) metrics {
	t.Helper()
	m := metrics{"up": {}} // Prometheus makes this one itself.
	for line := range strings.SplitSeq(strings.TrimSpace(text), "\n") {
		if strings.HasPrefix(line, "#") {
			continue
		}
		s := sample.FindStringSubmatch(line)
		if s == nil {
			t.Fatalf("no sample: %s", line)
		}
		if m[s[1]] == nil {
			m[s[1]] = map[string]map[string]bool{}
		}
		for _, pair := range labelPair.FindAllStringSubmatch(s[2], -1) {
			if m[s[1]][pair[1]] == nil {
				m[s[1]][pair[1]] = map[string]bool{}
			}
			m[s[1]][pair[1]][pair[2]] = true
		}
	}
	return m
}

// fixed lists the labels all of whose values exist from the start.
var fixed = []string{"class", "direction", "state", "store"}

// problems returns the metrics and labels in an expression and in shown that do not
// exist.
func (m metrics) problems(expr string, shown []string) []string {
	var out []string
	used := map[string]bool{}
	known := func(label string) bool {
		if slices.Contains(ofPrometheus, label) || label == "le" {
			return true
		}
		for name := range used {
			if _, ok := m[name][label]; ok {
				return true
			}
		}
		return false
	}
	for _, found := range selection.FindAllStringSubmatch(expr, -1) {
		out = append(out, m.mismatches(found[1], found[2])...)
	}
	plain := grouping.ReplaceAllString(matcher.ReplaceAllString(window.ReplaceAllString(expr, ""), ""), "")
	for _, name := range identifier.FindAllString(plain, -1) {
		if slices.Contains(words, name) || regexp.MustCompile(`^e?\d*$`).MatchString(name) {
			continue
		}
		if used[name] = true; m[name] == nil {
			out = append(out, "there is no metric "+name)
		}
	}
	if len(used) == 0 {
		out = append(out, "no metric is asked for")
	}
	groups := grouping.FindAllStringSubmatch(expr, -1)
	for _, g := range groups {
		for label := range strings.SplitSeq(g[1], ",") {
			if label = strings.TrimSpace(label); !known(label) {
				out = append(out, "no metric has the label "+label)
			}
		}
	}
	for _, label := range shown {
		if !known(label) {
			out = append(out, "the label "+label+" is shown, which no metric has")
		}
		for _, g := range groups {
			if !slices.ContainsFunc(strings.Split(g[1], ","), func(l string) bool { return strings.TrimSpace(l) == label }) {
				out = append(out, "the label "+label+" is shown, which the sum has not")
			}
		}
	}
	return out
}

// mismatches returns the labels and values in the matchers of a metric that do not
// exist.
func (m metrics) mismatches(name, matchers string) []string {
	var out []string
	for _, l := range matcher.FindAllStringSubmatch(matchers, -1) {
		label, op, value := l[1], l[2], l[3]
		values, ok := m[name][label]
		if !ok && !slices.Contains(ofPrometheus, label) {
			out = append(out, name+" has no label "+label)
		}
		exp, err := regexp.Compile("^(?:" + value + ")$")
		if err != nil {
			out = append(out, err.Error())
		}
		for _, one := range strings.Split(value, "|") {
			if slices.Contains(fixed, label) && !values[one] {
				out = append(out, "no "+label+" of "+name+" is "+one)
			}
			if label == "code" && op == "=" && !regexp.MustCompile(`^[1-5]\d\d$`).MatchString(one) {
				out = append(out, "no status is "+one)
			}
		}
		if label == "route" && op == "!~" && exp != nil && exp.MatchString("/api/2.0/mlflow/experiments/get") {
			out = append(out, "the API's routes are left out")
		}
	}
	return out
}

func TestAlerts(t *testing.T) {
	t.Parallel()
	m := served(t)
	var r rules
	decode(t, "prometheus/alerts.yaml", &r)
	page := read(t, "../docs/operating.md")
	shown := regexp.MustCompile(`\$labels\.(\w+)`)
	n := 0
	for _, g := range r.Groups {
		for _, rule := range g.Rules {
			n++
			var labels []string
			for _, l := range shown.FindAllStringSubmatch(rule.Annotations["summary"], -1) {
				labels = append(labels, l[1])
			}
			for _, problem := range m.problems(rule.Expr, labels) {
				t.Errorf("%s: %s", rule.Alert, problem)
			}
			if !slices.Contains([]string{"critical", "warning", "info"}, rule.Labels["severity"]) || rule.Annotations["summary"] == "" {
				t.Errorf("%s: %v %v", rule.Alert, rule.Labels, rule.Annotations)
			}
			if strings.Count(page, "\n| `"+rule.Alert+"` |") != 1 {
				t.Errorf("docs/operating.md does not say what to do about %s", rule.Alert)
			}
		}
	}
	if n < 10 {
		t.Errorf("%d rules", n)
	}
	for _, said := range regexp.MustCompile("(?m)^\\| `(Millrace\\w+)` \\|").FindAllStringSubmatch(page, -1) {
		if !strings.Contains(read(t, "prometheus/alerts.yaml"), "alert: "+said[1]+"\n") {
			t.Errorf("docs/operating.md tells of %s, which is no rule", said[1])
		}
	}
}

func TestDashboard(t *testing.T) {
	t.Parallel()
	m := served(t)
	var d dashboard
	if err := json.Unmarshal([]byte(read(t, "grafana/millrace.json")), &d); err != nil {
		t.Fatal(err)
	}
	replacer := strings.NewReplacer("$__rate_interval", "5m", "$job", ".*", "$instance", ".*")
	shown := regexp.MustCompile(`\{\{(\w+)\}\}`)
	used, ids := map[string]bool{}, map[int]bool{}
	for _, p := range d.Panels {
		if ids[p.ID] || p.GridPos.X+p.GridPos.W > 24 {
			t.Errorf("%s: id %d, place %+v", p.Title, p.ID, p.GridPos)
		}
		ids[p.ID] = true
		if p.Type == "row" {
			continue
		}
		if len(p.Targets) == 0 || p.Datasource.UID != "${datasource}" {
			t.Errorf("%s: %+v", p.Title, p)
		}
		for _, target := range p.Targets {
			var labels []string
			for _, l := range shown.FindAllStringSubmatch(target.LegendFormat, -1) {
				labels = append(labels, l[1])
			}
			expr := replacer.Replace(target.Expr)
			for _, problem := range m.problems(expr, labels) {
				t.Errorf("%s: %s\n%s", p.Title, problem, target.Expr)
			}
			if strings.Contains(expr, "$") {
				t.Errorf("%s: an unknown variable in %s", p.Title, target.Expr)
			}
			for _, name := range identifier.FindAllString(expr, -1) {
				used[name] = true
			}
		}
	}
	for name := range m {
		if base := regexp.MustCompile(`_(bucket|sum|count)$`).ReplaceAllString(name, ""); strings.HasPrefix(name, "millrace_") && !used[name] && !used[base+"_bucket"] && !used[base+"_count"] {
			t.Errorf("%s is on no panel", name)
		}
	}
	variables := map[string]bool{}
	for _, v := range d.Templating.List {
		variables[v.Name] = true
	}
	if !variables["datasource"] || !variables["job"] || !variables["instance"] {
		t.Errorf("variables %v", variables)
	}
}

// TestProblems checks that problems detects errors.
func TestProblems(t *testing.T) {
	t.Parallel()
	m := parse(t, "millrace_x_total{code=\"200\",route=\"/a\"} 1\nmillrace_y{state=\"open\"} 2\n")
	for expr, want := range map[string]string{
		`rate(millrace_x_total{code="200"}[5m])`:        "",
		`sum by (code) (rate(millrace_x_total[5m]))`:    "",
		`rate(millrace_z_total[5m])`:                    "no metric millrace_z_total",
		`millrace_y{status="open"}`:                     "no label status",
		`millrace_y{state="closed"}`:                    "no state of millrace_y is closed",
		`sum by (user) (rate(millrace_x_total[5m]))`:    "no metric has the label user",
		`millrace_x_total{code="2000"}`:                 "no status is 2000",
		`millrace_x_total{route!~".*experiments.*|/b"}`: "left out",
		`summ(millrace_y)`:                              "no metric summ",
		`1 > 0.5`:                                       "no metric is asked for",
	} {
		got := strings.Join(m.problems(expr, nil), "; ")
		if want == "" && got != "" || !strings.Contains(got, want) {
			t.Errorf("%s: %q, want %q", expr, got, want)
		}
	}
	if got := m.problems(`sum by (code) (millrace_x_total)`, []string{"route"}); len(got) != 1 {
		t.Errorf("%q", got)
	}
}
