package storetest

import (
	"cmp"
	"fmt"
	"maps"
	"math/rand/v2"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/millrace-ml/millrace/internal/db"
	"github.com/millrace-ml/millrace/internal/store"
	"github.com/millrace-ml/millrace/internal/store/traces"
)

// searchedTraces is more than the traces whose spans are searched first.
const searchedTraces = 2200

// searchedTrace is a trace with values that repeat in different periods. A text that is "" is NULL
// or missing.
type searchedTrace struct {
	id, status, name, session, client, tag, meta, run string
	start                                             int64
	length                                            *int64
	spans                                             []searchedSpan
	score                                             float64 // of an assessment; 0 for none
	valid, ofSession                                  bool
}

type searchedSpan struct{ name, kind, status, content string }

func searchedTraceAt(i int) searchedTrace {
	t := searchedTrace{
		id: fmt.Sprintf("tr-%032d", i*7919%searchedTraces), start: int64(1000 + i/3),
		status: []string{"OK", "ERROR", "IN_PROGRESS"}[i%7%3],
		name:   []string{"", "Agent", "agent", "agent_1", "%"}[i%5], session: every(i, 4, "s"+strconv.Itoa(i/8)),
		client: every(i, 2, "c"+strconv.Itoa(i)), tag: every(i, 3, fmt.Sprint([]string{"Red", "red", "blue"}[i/3%3], i%50)),
		meta: every(i, 5, strings.Repeat("é", 40)+strconv.Itoa(i%6)), run: every(i, 6, fmt.Sprint("run", i%20)),
		valid: i%8 != 1, ofSession: i%16 == 0,
	}
	if i%4 != 0 {
		length := int64(i % 300)
		t.length = &length
	}
	if i%11 == 0 {
		t.score = float64(i%10) / 4
	}
	for n := range i % 4 {
		t.spans = append(t.spans, searchedSpan{
			name: []string{"root", "Root", "tool"}[n], kind: every(n, 2, []string{"LLM", "TOOL"}[i/4%2]),
			status: []string{"OK", "ERROR"}[i%2], content: fmt.Sprintf(
				`{"name": "x", "attributes": {"model": "\"gpt-%d\"", "n": "%d", "text": "\"Wörld %d\n\""}}`, i%9, i, i%700,
			),
		})
	}
	return t
}

// every returns text unless n divides i.
func every(i, n int, text string) string {
	if i%n == 0 {
		return ""
	}
	return text
}

// insertSearched inserts the traces into the experiment 0.
func insertSearched(t *testing.T, s *store.Store) []searchedTrace {
	t.Helper()
	list := make([]searchedTrace, searchedTraces)
	for i := range list {
		list[i] = searchedTraceAt(i)
	}
	null := func(text string) *string {
		if text == "" {
			return nil
		}
		return &text
	}
	err := s.Write(t.Context(), func(tx db.Tx) error {
		insert := func(table, columns string, rows [][]any) error {
			_, err := tx.InsertRows("INSERT INTO "+table+" ("+columns+")", "", strings.Count(columns, ",")+1, len(rows),
				func(args []any, i int) []any { return append(args, rows[i]...) })
			return err
		}
		var info, tags, metadata, spans, assessments [][]any
		for _, x := range list {
			info = append(info, []any{
				x.id, int64(0), x.start, x.length, x.status, null(x.name), null(x.session), null(x.client), int64(1),
			})
			if x.tag != "" {
				tags = append(tags, []any{x.id, "color", x.tag})
			}
			for key, value := range map[string]string{"md": x.meta, "mlflow.sourceRun": x.run} {
				if value != "" {
					metadata = append(metadata, []any{x.id, key, value})
				}
			}
			for n, sp := range x.spans {
				spans = append(spans, []any{
					x.id, int64(0), fmt.Sprintf("%016d", n), sp.name, null(sp.kind), sp.status, x.start * 1e6,
					(x.start + 1) * 1e6, sp.content,
				})
			}
			if x.score != 0 {
				about := null(map[bool]string{true: `{"mlflow.trace.session": "x"}`}[x.ofSession])
				assessments = append(assessments, []any{
					"a-" + x.id, x.id, "score", "feedback", fmt.Sprint(x.score), int64(1), int64(1), "HUMAN",
					x.valid, about, x.score, true,
				})
			}
		}
		for _, into := range []struct {
			table, columns string
			rows           [][]any
		}{
			{"trace_info", "request_id, experiment_id, timestamp_ms, execution_time_ms, status, trace_name, session_id, " +
				"client_request_id, db_payload_generation", info},
			{"trace_tags", "request_id, `key`, value", tags},
			{"trace_request_metadata", "request_id, `key`, value", metadata},
			{"spans", "trace_id, experiment_id, span_id, name, type, status, start_time_unix_nano, end_time_unix_nano, " +
				"content", spans},
			{"assessments", "assessment_id, trace_id, name, assessment_type, value, created_timestamp, " +
				"last_updated_timestamp, source_type, valid, assessment_metadata, aggregate_value, is_numeric_value", assessments},
		} {
			if err := insert(into.table, into.columns, into.rows); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return list
}

// clause is a comparison and what it means.
type clause struct {
	text string
	is   func(x *searchedTrace) bool
}

// ofText returns the clauses on a text field. NULLs meet none of them but IS NULL.
func ofText(name string, nullable bool, get func(x *searchedTrace) string, values ...string) (list []clause) {
	add := func(op, value string, test func(text string) bool) {
		list = append(list, clause{name + " " + op + " '" + value + "'", func(x *searchedTrace) bool {
			text := get(x)
			return text != "" && test(text)
		}})
	}
	for _, value := range values {
		add("=", value, func(text string) bool { return text == value })
		add("!=", value, func(text string) bool { return text != value })
		_, n := utf8.DecodeRuneInString(value)
		like := "%" + value[n:] + "%"
		add("LIKE", like, likeFunc(like, false))
		add("ILIKE", like, likeFunc(like, true))
		pattern := "(?i)^" + regexp.QuoteMeta(value[:n]) + "|" + regexp.QuoteMeta(value[n:]) + "$"
		add("RLIKE", pattern, regexp.MustCompile(pattern).MatchString)
	}
	if nullable {
		list = append(
			list, clause{name + " IS NULL", func(x *searchedTrace) bool { return get(x) == "" }},
			clause{name + " IS NOT NULL", func(x *searchedTrace) bool { return get(x) != "" }},
		)
	} else {
		in := strings.Join(values, "', '")
		list = append(list, clause{
			name + " IN ('" + in + "', 'x')", func(x *searchedTrace) bool { return slices.Contains(values, get(x)) },
		}, clause{
			name + " NOT IN ('" + in + "')",
			func(x *searchedTrace) bool { return get(x) != "" && !slices.Contains(values, get(x)) },
		})
	}
	return list
}

// likeFunc returns a test of a pattern of LIKE. Only ASCII letters are folded in the values.
func likeFunc(pattern string, fold bool) func(string) bool {
	text := regexp.QuoteMeta(pattern)
	text = strings.NewReplacer("%", "(?s:.*)", "_", "(?s:.)").Replace(text)
	if fold {
		text = "(?i)" + text
	}
	return regexp.MustCompile("^(?:" + text + ")$").MatchString
}

// ofNumber returns the clauses on a number, which is nil if it is NULL.
func ofNumber(name string, get func(x *searchedTrace) *int64, values ...float64) (list []clause) {
	tests := map[string]func(order int) bool{
		"=": func(o int) bool { return o == 0 }, "!=": func(o int) bool { return o != 0 },
		"<": func(o int) bool { return o < 0 }, "<=": func(o int) bool { return o <= 0 },
		">": func(o int) bool { return o > 0 }, ">=": func(o int) bool { return o >= 0 },
	}
	for _, op := range slices.Sorted(maps.Keys(tests)) {
		ok := tests[op]
		for _, value := range values {
			list = append(list, clause{fmt.Sprint(name, " ", op, " ", value), func(x *searchedTrace) bool {
				n := get(x)
				return n != nil && ok(cmp.Compare(float64(*n), value))
			}})
		}
	}
	return list
}

// spanClause is a comparison of one span.
type spanClause struct {
	text string
	is   func(s searchedSpan) bool
}

func spanClauses() []spanClause {
	list := []spanClause{
		{"span.name = 'root'", func(s searchedSpan) bool { return s.name == "root" }},
		{"span.name ILIKE 'ROOT'", func(s searchedSpan) bool { return s.name != "tool" }},
		{"span.name IN ('Root', 'tool')", func(s searchedSpan) bool { return s.name != "root" }},
		{"span.name RLIKE 'o{2}'", func(searchedSpan) bool { return true }},
		{"span.type = 'LLM'", func(s searchedSpan) bool { return s.kind == "LLM" }},
		{"span.type != 'LLM'", func(s searchedSpan) bool { return s.kind == "TOOL" }},
		{"span.status = 'ERROR'", func(s searchedSpan) bool { return s.status == "ERROR" }},
		{"span.attributes.model LIKE '%gpt-3%'", func(s searchedSpan) bool { return strings.Contains(s.content, "gpt-3") }},
		{"trace.text ILIKE '%GPT-3%'", func(s searchedSpan) bool { return strings.Contains(s.content, "gpt-3") }},
		{"trace.text LIKE '%GPT-3%'", func(searchedSpan) bool { return false }},
		{"trace.text LIKE '%gpt_3%Wörld 6_9%'", func(s searchedSpan) bool {
			return regexp.MustCompile(`gpt-3.*Wörld 6.9`).MatchString(s.content)
		}},
		{"trace.text ILIKE '%gpt_3%WöRLD 6_9%'", func(s searchedSpan) bool {
			return regexp.MustCompile(`gpt-3.*Wörld 6.9`).MatchString(s.content)
		}},
		{"span.attributes.model RLIKE '^gpt-[3-5]$'", func(s searchedSpan) bool {
			return regexp.MustCompile(`gpt-[345]\\"`).MatchString(s.content)
		}},
		{"span.attributes.text RLIKE 'Wörld 1[0-9]?$'", func(searchedSpan) bool { return false }}, // The value ends with \n.
	}
	for _, text := range []string{"Wörld 699", "Wörld 6", "nothing", `69\n\"`, "69n"} {
		list = append(
			list, spanClause{"trace.text LIKE '%" + text + "%'", func(s searchedSpan) bool {
				return strings.Contains(s.content, text)
			}}, spanClause{"span.content ILIKE '%" + strings.Replace(text, "W", "w", 1) + "%'", func(s searchedSpan) bool {
				return strings.Contains(strings.ToLower(s.content), strings.ToLower(text))
			}},
		)
	}
	return list
}

// feedbackClauses compares the assessments of a trace and those of its session.
func feedbackClauses(all []searchedTrace) (list []clause) {
	for _, c := range []struct {
		text string
		ok   func(score float64) bool
	}{
		{"> 1.2", func(s float64) bool { return s > 1.2 }},
		{"= '0.5'", func(s float64) bool { return s == 0.5 }},
		{"!= '0.5'", func(s float64) bool { return s != 0.5 }},
		{"LIKE '%.5'", func(s float64) bool { return s == 0.5 || s == 1.5 }},
		{"IS NOT NULL", func(float64) bool { return true }},
	} {
		sessions := map[string]bool{}
		for i := range all {
			if x := &all[i]; x.score != 0 && x.valid && x.ofSession && x.session != "" && c.ok(x.score) {
				sessions[x.session] = true
			}
		}
		is := func(x *searchedTrace) bool { return x.score != 0 && x.valid && c.ok(x.score) || sessions[x.session] }
		list = append(list, clause{"feedback.score " + c.text, is})
		if c.text == "IS NOT NULL" {
			list = append(list, clause{"feedback.score IS NULL", func(x *searchedTrace) bool { return !is(x) }})
		}
	}
	return list
}

// searchTraces compares random searches with a model of them.
func searchTraces(t *testing.T, s *store.Store) {
	all := insertSearched(t, s)
	end := func(x *searchedTrace) *int64 {
		n := x.start
		if x.length != nil {
			n += *x.length
		}
		return &n
	}
	clauses := slices.Concat(
		ofText("status", false, func(x *searchedTrace) string { return x.status }, "OK", "ERROR"),
		ofText("client_request_id", false, func(x *searchedTrace) string { return x.client }, "c77", "C1"),
		ofText("name", true, func(x *searchedTrace) string { return x.name }, "agent", "agent_1", "AGENT"),
		ofText("tags.color", true, func(x *searchedTrace) string { return x.tag }, "Red7", "red10", "blue49"),
		ofText("metadata.md", true, func(x *searchedTrace) string { return x.meta }, strings.Repeat("é", 40)+"3"),
		ofText("metadata.mlflow.trace.session", true, func(x *searchedTrace) string { return x.session }, "s7", "s200", "S9"),
		ofText("run_id", true, func(x *searchedTrace) string { return x.run }, "run7", "RUN1"),
		ofNumber("timestamp_ms", func(x *searchedTrace) *int64 { return &x.start }, 1003, 1500, 1500.5, 1733),
		ofNumber("execution_time", func(x *searchedTrace) *int64 { return x.length }, 7, 100.5, 299),
		ofNumber("end_time", end, 1200, 1800),
		feedbackClauses(all),
	)
	spans := spanClauses()
	checkFractions(t, s, all)
	r := rand.New(rand.NewPCG(uint64(len(t.Name())), 7))
	found := 0
	for range 400 {
		var texts []string
		tests := []func(x *searchedTrace) bool{}
		for range r.IntN(3) {
			c := clauses[r.IntN(len(clauses))]
			texts, tests = append(texts, c.text), append(tests, c.is)
		}
		var ofSpan []spanClause
		for range r.IntN(3) {
			c := spans[r.IntN(len(spans))]
			texts, ofSpan = append(texts, c.text), append(ofSpan, c)
		}
		meets := func(x *searchedTrace) bool {
			return !slices.ContainsFunc(tests, func(is func(*searchedTrace) bool) bool { return !is(x) }) &&
				(ofSpan == nil || slices.ContainsFunc(x.spans, func(s searchedSpan) bool {
					return !slices.ContainsFunc(ofSpan, func(c spanClause) bool { return !c.is(s) })
				}))
		}
		in := &traces.Search{ExperimentIDs: []int64{0}, Filter: strings.Join(texts, " AND "), Limit: 1 + r.IntN(60)}
		found += checkTracePage(t, s, all, in, meets, r)
	}
	if found < 2000 {
		t.Errorf("only %d traces are found", found)
	}
}

// checkFractions compares whole numbers with fractions. With some plans, MariaDB rounds these.
func checkFractions(t *testing.T, s *store.Store, all []searchedTrace) {
	t.Helper()
	r := rand.New(rand.NewPCG(1, 2))
	for _, column := range []string{"timestamp_ms", "execution_time", "end_time"} {
		for _, filter := range []string{column + " = 1500.5", column + " = 1500.5 AND tags.color RLIKE 'r'"} {
			for range 40 { // They are in a random order each.
				in := &traces.Search{ExperimentIDs: []int64{0}, Filter: filter, Limit: 5}
				checkTracePage(t, s, all, in, func(*searchedTrace) bool { return false }, r)
			}
		}
	}
}

// traceOrders are items of order_by with a comparison. NULLs are last in both directions.
var traceOrders = []struct {
	text    string
	compare func(a, b *searchedTrace) int
}{
	{"", func(*searchedTrace, *searchedTrace) int { return 0 }},
	{"timestamp ASC", func(a, b *searchedTrace) int { return cmp.Compare(a.start, b.start) }},
	{"execution_time DESC", func(a, b *searchedTrace) int {
		if a.length == nil || b.length == nil {
			return cmp.Compare(map[bool]int{true: 1}[a.length == nil], map[bool]int{true: 1}[b.length == nil])
		}
		return cmp.Compare(*b.length, *a.length)
	}},
	{"metadata.mlflow.sourceRun", func(a, b *searchedTrace) int { return compareTexts(a.run, b.run) }},
	{"metadata.mlflow.trace.session DESC", func(a, b *searchedTrace) int {
		if a.session == "" || b.session == "" {
			return compareTexts(a.session, b.session)
		}
		return cmp.Compare(b.session, a.session)
	}},
}

// compareTexts compares texts, of which those that are "" are last.
func compareTexts(a, b string) int {
	if a == "" || b == "" {
		return cmp.Compare(map[bool]int{true: 1}[a == ""], map[bool]int{true: 1}[b == ""])
	}
	return cmp.Compare(a, b)
}

// checkTracePage compares a page, in a random order and from a random offset on, with the model. It
// returns the number of traces on it.
func checkTracePage(
	t *testing.T, s *store.Store, all []searchedTrace, in *traces.Search, meets func(*searchedTrace) bool, r *rand.Rand,
) int {
	t.Helper()
	order := traceOrders[r.IntN(len(traceOrders))]
	if order.text != "" {
		in.OrderBy = []string{order.text}
	}
	var matching []*searchedTrace
	for i := range all {
		if meets(&all[i]) {
			matching = append(matching, &all[i])
		}
	}
	slices.SortFunc(matching, func(a, b *searchedTrace) int {
		return cmp.Or(order.compare(a, b), cmp.Compare(b.start, a.start), cmp.Compare(a.id, b.id))
	})
	list, next, err := s.SearchTraces(t.Context(), in)
	if err == nil && next != "" && r.IntN(2) == 0 {
		matching = matching[in.Limit:]
		in.PageToken = next
		list, next, err = s.SearchTraces(t.Context(), in)
	}
	if err != nil {
		t.Fatalf("%s: %v", in.Filter, err)
	}
	var got, want []string
	for i := range list {
		got = append(got, list[i].TraceID)
	}
	for _, x := range matching[:min(len(matching), in.Limit)] {
		want = append(want, x.id)
	}
	if !slices.Equal(got, want) || (next != "") != (len(matching) > in.Limit) {
		t.Fatalf("%s, order %q, limit %d:\ngot  %v\nwant %v", in.Filter, order.text, in.Limit, got, want)
	}
	return len(list)
}
