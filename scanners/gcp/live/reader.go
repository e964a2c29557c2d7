package live

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/muster-nhi/muster/internal/transport"
	"github.com/muster-nhi/muster/scanners/gcp/live/wire"
)

// A Reader reads projects. It is for one use at a time.
type Reader struct {
	options Options
	client  *wire.Client
	calls   map[string]call
	as      string // e-mail as whom it reads; empty is unknown
	idle    func()
	waiting transport.Waiting // of the reading under way
}

// Open settles as whom to read. It reads the files and variables of Application
// Default Credentials and sends nothing. Errors say what of them is at fault; that
// there are none is told by what reads.
func Open(_ context.Context, o Options) (*Reader, error) {
	if err := o.check(); err != nil {
		return nil, err
	}
	o.settle()
	carrier, ok := http.DefaultTransport.(*http.Transport)
	if !ok {
		return nil, errors.New("the default transport of HTTP was replaced")
	}
	carrier = carrier.Clone()
	carrier.MaxIdleConnsPerHost = 4 * o.Parallel
	r := &Reader{options: o, calls: map[string]call{}, idle: carrier.CloseIdleConnections}
	for _, c := range table() {
		r.calls[c.op.ID] = c
	}
	var next http.RoundTripper = carrier
	if o.Wrap != nil {
		next = o.Wrap(carrier)
	}
	w := wire.Options{
		HTTP: next, Token: o.Token, Endpoint: o.Endpoint, QuotaProject: o.QuotaProject, UserAgent: o.UserAgent,
		Now: o.Now, Sleep: o.Sleep, Random: o.Random,
		Waiting: func(why string, left time.Duration) { r.waiting(why, left) },
	}
	if told := o.Asked; told != nil {
		w.Asked = func(op wire.Operation) { told(op.ID) }
	}
	if w.Token == nil {
		if err := r.signer(&w, next); err != nil {
			return nil, err
		}
	}
	r.client = wire.New(w)
	return r, nil
}

// Close ends the connections.
func (r *Reader) Close() { r.idle() }
