// Package proxy forwards TCP connections to a server, so that a test can make the server
// unavailable.
package proxy

import (
	"context"
	"io"
	"net"
	"sync"
)

// Proxy forwards bytes between its clients and a server. Its methods are safe for
// concurrent use.
type Proxy struct {
	server string
	// Address is the address of the proxy on the loopback interface.
	Address string

	mu       sync.Mutex
	listener net.Listener
	conns    map[net.Conn]bool
	passing  chan struct{} // closed unless the proxy stalls
}

// New returns a proxy for the server at an address such as 127.0.0.1:5432.
func New(ctx context.Context, server string) (*Proxy, error) {
	p := &Proxy{server: server, Address: "127.0.0.1:0", conns: map[net.Conn]bool{}, passing: make(chan struct{})}
	close(p.passing)
	return p, p.Accept(ctx)
}

// Accept accepts connections again after Refuse.
func (p *Proxy) Accept(ctx context.Context) error {
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", p.Address)
	if err != nil {
		return err
	}
	p.mu.Lock()
	p.listener, p.Address = l, l.Addr().String()
	p.mu.Unlock()
	go p.acceptFrom(context.WithoutCancel(ctx), l)
	return nil
}

func (p *Proxy) acceptFrom(ctx context.Context, l net.Listener) {
	for {
		c, err := l.Accept()
		if err != nil {
			return
		}
		go p.serve(ctx, c)
	}
}

// Refuse closes all connections and accepts no new ones.
func (p *Proxy) Refuse() {
	p.mu.Lock()
	if p.listener != nil {
		_ = p.listener.Close() // The listener accepts no connections in any case.
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
		_ = c.Close() // Both ends notice it.
	}
}

// Stall stops forwarding in both directions until Resume.
func (p *Proxy) Stall() {
	p.mu.Lock()
	defer p.mu.Unlock()
	select {
	case <-p.passing:
		p.passing = make(chan struct{})
	default:
	}
}

// Resume resumes forwarding after Stall.
func (p *Proxy) Resume() {
	p.mu.Lock()
	defer p.mu.Unlock()
	select {
	case <-p.passing:
	default:
		close(p.passing)
	}
}

// Close closes the proxy and all its connections.
func (p *Proxy) Close() {
	p.Resume()
	p.Refuse()
}

func (p *Proxy) serve(ctx context.Context, client net.Conn) {
	defer client.Close()
	server, err := new(net.Dialer).DialContext(ctx, "tcp", p.server)
	if err != nil {
		return
	}
	defer server.Close()
	p.mu.Lock()
	p.conns[client], p.conns[server] = true, true
	p.mu.Unlock()
	var copying sync.WaitGroup
	for from, to := range map[net.Conn]net.Conn{client: server, server: client} {
		copying.Go(func() {
			_, _ = io.Copy(gate{p, to}, from) // The end of either direction ends both.
			_ = client.Close()
			_ = server.Close()
		})
	}
	copying.Wait()
	p.mu.Lock()
	delete(p.conns, client)
	delete(p.conns, server)
	p.mu.Unlock()
}

// gate blocks writes to a connection while the proxy stalls.
type gate struct {
	p  *Proxy
	to net.Conn
}

// Write implements io.Writer.
func (g gate) Write(b []byte) (int, error) {
	g.p.mu.Lock()
	passing := g.p.passing
	g.p.mu.Unlock()
	<-passing
	return g.to.Write(b)
}
