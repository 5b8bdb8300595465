package storetest

import (
	"io"
	"net"
	"net/url"
	"sync"
	"testing"
)

// Proxy stands between a store and its database server, so that a test can take
// the server away.
type Proxy struct {
	t       *testing.T
	address string // of the server

	mu       sync.Mutex
	listener net.Listener
	port     string
	conns    map[net.Conn]bool
	stalled  chan struct{} // closed while bytes may pass
}

// NewProxy returns a proxy before the server that a database URI names, and the
// URI of the same database through it. It ends with the test.
func NewProxy(t *testing.T, uri string) (p *Proxy, through string) {
	t.Helper()
	u, err := url.Parse(uri)
	if err != nil {
		t.Fatal(err)
	}
	p = &Proxy{t: t, address: u.Host, port: "0", conns: map[net.Conn]bool{}, stalled: make(chan struct{})}
	close(p.stalled)
	p.Accept()
	t.Cleanup(func() {
		p.Resume()
		p.Refuse()
	})
	u.Host = "127.0.0.1:" + p.port
	return p, u.String()
}

// Accept takes connections again after Refuse.
func (p *Proxy) Accept() {
	p.t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:"+p.port)
	if err != nil {
		p.t.Fatal(err)
	}
	p.mu.Lock()
	p.listener = l
	_, p.port, _ = net.SplitHostPort(l.Addr().String())
	p.mu.Unlock()
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go p.serve(c)
		}
	}()
}

// Refuse closes all connections and takes no more of them.
func (p *Proxy) Refuse() {
	p.mu.Lock()
	if p.listener != nil {
		p.listener.Close()
		p.listener = nil
	}
	p.mu.Unlock()
	p.Cut()
}

// Cut closes all connections.
func (p *Proxy) Cut() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for c := range p.conns {
		c.Close()
	}
}

// Stall lets no byte pass, in either direction, until Resume.
func (p *Proxy) Stall() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.stalled = make(chan struct{})
}

// Resume ends Stall.
func (p *Proxy) Resume() {
	p.mu.Lock()
	defer p.mu.Unlock()
	select {
	case <-p.stalled:
	default:
		close(p.stalled)
	}
}

func (p *Proxy) serve(client net.Conn) {
	server, err := net.Dial("tcp", p.address)
	if err != nil {
		client.Close()
		return
	}
	var copying sync.WaitGroup
	for _, c := range [][2]net.Conn{{client, server}, {server, client}} {
		p.mu.Lock()
		p.conns[c[0]] = true
		p.mu.Unlock()
		copying.Go(func() {
			_, _ = io.Copy(p.slow(c[1]), c[0])
			client.Close()
			server.Close()
		})
	}
	copying.Wait()
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.conns, client)
	delete(p.conns, server)
}

// slow returns w such that it waits while the proxy stalls.
func (p *Proxy) slow(w io.Writer) io.Writer {
	return writerFunc(func(b []byte) (int, error) {
		p.mu.Lock()
		stalled := p.stalled
		p.mu.Unlock()
		<-stalled
		return w.Write(b)
	})
}

type writerFunc func([]byte) (int, error)

func (f writerFunc) Write(b []byte) (int, error) { return f(b) }
