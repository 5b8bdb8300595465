package main

// goal is what a figure of Millrace should reach: a ratio to a peer, or an amount if beside is "".
type goal struct {
	beside string
	value  float64
}

// goals are keyed by the name of the figure. A missed goal is reported and is not an error, since figures depend on the
// machine.
var goals = map[string][]goal{
	"log-metric, 1 client":                               {{fastTrackML, 1}},
	"log-metric, 8 clients":                              {{mlflowName, 40}, {fastTrackML, 1}},
	"log-metric, 32 clients":                             {{"", 6000}, {fastTrackML, 1}},
	"log-batch of 1000, 1 client":                        {{mlflowName, 14}, {fastTrackML, 5}},
	"create-run (create, tag, end), 1 client":            {{mlflowName, 30}, {fastTrackML, 3}},
	"create-run, 8 clients":                              {{fastTrackML, 1}},
	"traces of 100 spans, 8 clients":                     {{mlflowName, 10}},
	"search: a page of 100, newest first":                {{"", 10}, {fastTrackML, 1}},
	"search: filter on metric, param and tag":            {{"", 20}, {fastTrackML, 1}},
	"search: order by a metric":                          {{"", 30}, {fastTrackML, 1}},
	"search: a page of 100, newest first, 8 clients":     {{"", 20}, {fastTrackML, 1}},
	"search: filter on metric, param and tag, 8 clients": {{"", 40}, {fastTrackML, 1}},
	"search: order by a metric, 8 clients":               {{"", 60}, {fastTrackML, 1}},
}
