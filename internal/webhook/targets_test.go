package webhook_test

import (
	"bytes"
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/millrace-ml/millrace/internal/webhook"
)

var both = []string{"https", "http"}

func TestURLs(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"https://1.1.1.1/x":                    "",
		"https://[2606:4700:4700::1111]:8443/": "",
		"https://user:pass@1.1.1.1/":           "",
		"":                                     "cannot be empty",
		"  ":                                   "cannot be empty",
		"http://1.1.1.1/":                      "Allowed schemes are: https.",
		"ftp://1.1.1.1/":                       "Invalid webhook URL scheme: 'ftp'",
		"//1.1.1.1/":                           "Invalid webhook URL scheme: ''",
		"https:///x":                           "must include a hostname",
		"https:x":                              "must include a hostname",
		"https://\x00/":                        "Invalid webhook URL",
		"https://1.1.1.1:x/":                   "Invalid webhook URL",
		"https://no.such.host.invalid/":        "Cannot resolve Webhook URL hostname 'no.such.host.invalid'",
		"https://127.0.0.1/":                   "'127.0.0.1' resolves to 127.0.0.1",
		"https://localhost/":                   "non-public",
		"https://[::1]/":                       "non-public",
		"https://[::]/":                        "non-public",
		"https://0.0.0.0/":                     "non-public",
		"https://10.1.2.3/":                    "non-public",
		"https://172.16.0.1/":                  "non-public",
		"https://192.168.1.1/":                 "non-public",
		"https://100.64.0.1/":                  "non-public",
		"https://169.254.169.254/latest/":      "non-public",
		"https://198.18.0.1/":                  "non-public",
		"https://192.0.2.1/":                   "non-public",
		"https://224.0.0.1/":                   "non-public",
		"https://255.255.255.255/":             "non-public",
		"https://[fe80::1]/":                   "non-public",
		"https://[fe80::1%25eth0]/":            "non-public",
		"https://[fd00:ec2::254]/":             "non-public",
		"https://[ff02::1]/":                   "non-public",
		"https://[::ffff:127.0.0.1]/":          "non-public",
		"https://[::127.0.0.1]/":               "non-public",
		"https://[64:ff9b::7f00:1]/":           "non-public",
		"https://[2002:7f00:1::]/":             "non-public",
		"https://[2001:0:1:2:3:4:80ff:fffe]/":  "non-public", // Teredo of 127.0.0.1
	} {
		err := (&webhook.Targets{Schemes: []string{"https"}}).Check(t.Context(), text)
		if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("%q: %v, want %q", text, err, want)
		}
	}
}

func TestAllowedNetworks(t *testing.T) {
	t.Parallel()
	some := &webhook.Targets{
		Schemes: both, Allowed: []netip.Prefix{netip.MustParsePrefix("10.2.0.0/16"), netip.MustParsePrefix("::1/128")},
	}
	for text, allowed := range map[string]bool{
		"http://10.2.3.4/": true, "http://[::ffff:10.2.3.4]/": true, "http://10.3.0.1/": false, "http://[::1]/": true,
		"http://127.0.0.1/": false, "http://[fd00::1]/": false,
	} {
		if err := some.Check(t.Context(), text); (err == nil) != allowed {
			t.Errorf("%s: %v", text, err)
		}
	}
	every := &webhook.Targets{Schemes: both, AllowPrivate: true}
	if err := every.Check(t.Context(), "http://169.254.169.254/"); err != nil {
		t.Error(err)
	}
}

// nameServer answers the first question for a name with a public address, and later ones with
// 127.0.0.1.
func nameServer(t *testing.T) (r *net.Resolver, asked *atomic.Int32) {
	t.Helper()
	conn, err := new(net.ListenConfig).ListenPacket(t.Context(), "udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	asked = new(atomic.Int32)
	go func() {
		packet := make([]byte, 1500)
		for {
			n, from, err := conn.ReadFrom(packet)
			if err != nil {
				return
			}
			if _, err := conn.WriteTo(answerName(packet[:n], asked), from); err != nil {
				t.Error(err)
			}
		}
	}()
	return &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "udp", conn.LocalAddr().String())
	}}, asked
}

// answerName returns the answer to a question of DNS (RFC 1035, section 4).
func answerName(question []byte, asked *atomic.Int32) []byte {
	const header = 12
	end := header + bytes.IndexByte(question[header:], 0) + 1 + 4 // the name, its type and its class
	answer := append([]byte(nil), question[:end]...)
	copy(answer[2:header], []byte{0x81, 0x80, 0, 1, 0, 0, 0, 0, 0, 0}) // A response without answers.
	if kind := answer[end-3]; kind != 1 {                              // not a question for an IPv4 address
		return answer
	}
	address := []byte{1, 1, 1, 1}
	if asked.Add(1) > 1 {
		address = []byte{127, 0, 0, 1}
	}
	answer[7] = 1
	return append(append(answer, 0xc0, header, 0, 1, 0, 1, 0, 0, 0, 0, 0, 4), address...)
}

// TestRebinding uses a name that is public when the webhook is created, and private when the
// event is sent.
func TestRebinding(t *testing.T) {
	t.Parallel()
	var reached atomic.Bool
	private := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { reached.Store(true) }))
	t.Cleanup(private.Close)
	resolver, asked := nameServer(t)
	targets := &webhook.Targets{Schemes: both, Resolver: resolver}
	u, err := url.Parse(private.URL)
	if err != nil {
		t.Fatal(err)
	}
	target := "http://rebound.example:" + u.Port() + "/"
	if err := targets.Check(t.Context(), target); err != nil {
		t.Fatal(err)
	}
	_, err = webhook.NewSender(targets, time.Minute).Send(t.Context(), target, "", "id", "{}")
	if err == nil || !strings.Contains(err.Error(), "resolves to 127.0.0.1") || reached.Load() {
		t.Errorf("sent to a private address: %v", err)
	}
	if n := asked.Load(); n != 2 {
		t.Errorf("the name was resolved %d times for a check and a request", n)
	}
}

// TestRedirects checks that a receiver cannot send the server elsewhere.
func TestRedirects(t *testing.T) {
	t.Parallel()
	var reached atomic.Bool
	mux := http.NewServeMux()
	mux.HandleFunc("/elsewhere", func(http.ResponseWriter, *http.Request) { reached.Store(true) })
	mux.HandleFunc("/{status}", func(w http.ResponseWriter, r *http.Request) {
		status, err := strconv.Atoi(r.PathValue("status"))
		if err != nil {
			t.Error(err)
		}
		w.Header().Set("Location", "/elsewhere")
		w.WriteHeader(status)
	})
	s := httptest.NewServer(mux)
	t.Cleanup(s.Close)
	sender := webhook.NewSender(&webhook.Targets{Schemes: both, AllowPrivate: true}, time.Minute)
	for _, status := range []int{301, 302, 303, 307, 308} {
		resp, err := sender.Send(t.Context(), s.URL+"/"+strconv.Itoa(status), "", "id", "{}")
		if err != nil || resp.Status != status || reached.Load() {
			t.Errorf("%d: %+v, %v, followed: %v", status, resp, err, reached.Load())
		}
	}
}

// TestErrorsHideURL checks that an error has no password or token of the URL.
func TestErrorsHideURL(t *testing.T) {
	t.Parallel()
	sender := webhook.NewSender(&webhook.Targets{Schemes: both}, time.Minute)
	for _, target := range []string{"http://user:hidden@127.0.0.1:1/hidden?token=hidden", "http://127.0.0.1:1/%zzhidden"} {
		if _, err := sender.Send(t.Context(), target, "", "id", "{}"); err == nil || strings.Contains(err.Error(), "token=hidden") {
			t.Errorf("%s: %v", target, err)
		}
	}
	if _, err := webhook.NewSender(&webhook.Targets{Schemes: both[:1]}, time.Minute).Send(t.Context(), "http://1.1.1.1/", "", "id", "{}"); err == nil {
		t.Error("sent by a scheme that is not allowed")
	}
}
