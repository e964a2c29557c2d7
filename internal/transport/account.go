package transport

import (
	"cmp"
	"maps"
	"slices"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// Stats are the figures of one account.
type Stats struct {
	Account  string        // as Options.Account names it
	Requests int           // sent, retries included
	Retries  int           // sent again
	Refused  int           // not sent, because the budget was spent
	Broken   int           // without a complete answer
	Statuses map[int]int   // answers by status
	Waited   time.Duration // for the rate, Retry-After and backoff; added up over requests that wait side by side
}

// Snapshot returns the figures so far, by account.
func (t *Transport) Snapshot() []Stats {
	t.accounts.mu.Lock()
	defer t.accounts.mu.Unlock()
	var out []Stats
	for _, a := range t.accounts.list {
		out = append(out, a.snapshot())
	}
	slices.SortFunc(out, func(x, y Stats) int { return cmp.Compare(x.Account, y.Account) })
	return out
}

// accounts holds one entry for each account that was asked for.
type accounts struct {
	limit rate.Limit
	burst int

	mu   sync.Mutex
	list map[string]*account
}

func (x *accounts) get(name string) *account {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.list == nil {
		x.list = map[string]*account{}
	}
	a, ok := x.list[name]
	if !ok {
		a = &account{name: name, limiter: rate.NewLimiter(x.limit, x.burst), stats: Stats{Account: name, Statuses: map[int]int{}}}
		x.list[name] = a
	}
	return a
}

// An account has its own rate, budget and figures.
type account struct {
	name    string
	limiter *rate.Limiter

	mu    sync.Mutex
	until time.Time // nothing is sent before
	stats Stats
}

func (a *account) snapshot() Stats {
	a.mu.Lock()
	defer a.mu.Unlock()
	s := a.stats
	s.Statuses = maps.Clone(s.Statuses)
	return s
}

// paused returns how long nothing may be sent.
func (a *account) paused(now time.Time) time.Duration {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.until.Sub(now)
}

func (a *account) pause(until time.Time) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if until.After(a.until) {
		a.until = until
	}
}

// spend takes a request off the budget, if there is one left.
func (a *account) spend(budget int) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	if budget > 0 && a.stats.Requests >= budget {
		a.stats.Refused++
		return false
	}
	a.stats.Requests++
	return true
}

// unspend gives back a request that was not sent after all.
func (a *account) unspend() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.stats.Requests--
}

func (a *account) answered(status int) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.stats.Statuses[status]++
}

func (a *account) broke() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.stats.Broken++
}

func (a *account) retried() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.stats.Retries++
}

func (a *account) waits(d time.Duration) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.stats.Waited += d
}
