package scannertest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/muster-nhi/muster/internal/inventory"
	"github.com/muster-nhi/muster/scanners"
)

// The reference scanner lists the bots of a made-up service, and the keys of
// each. A flaw makes it a mutant.
type reference struct {
	env   scanners.Env
	url   string
	token string
	flaw  string
}

type referenceConfig struct {
	URL   string `yaml:"url" json:"url"`
	Token string `yaml:"token" json:"token"`
}

const (
	referenceScope = "northwind"
	referencePage  = 2
)

// canary is the access token with which the reference scanner signs in, and
// keyCanary a secret that the service gives away. They are made at run time.
func canary() string    { return "zq" + strings.Repeat("7vK", 8) + "-_/+x" }
func keyCanary() string { return "wJ" + strings.Repeat("9fB", 9) }

// referenceFactory makes the scanner, with one flaw or none.
func referenceFactory(flaw string) scanners.Factory {
	info := scanners.Info{
		Name: "bots", Title: "Bots of a made-up service", Argument: "url",
		Kinds:       []inventory.Kind{inventory.KindIdentity, inventory.KindCredential},
		Permissions: []string{"bots:list"}, Network: true,
	}
	build := func(env scanners.Env, c referenceConfig) (scanners.Scanner, error) {
		return &reference{env: env, url: c.URL, token: c.Token, flaw: flaw}, nil
	}
	switch flaw {
	case "no title":
		info.Title = ""
	case "argument without key":
		info.Argument = "uri"
	case "any configuration":
		return scanners.Define(info, laxConfig{}, func(env scanners.Env, _ laxConfig) (scanners.Scanner, error) {
			return build(env, referenceConfig{URL: "https://bots.example", Token: canary()})
		})
	}
	return scanners.Define(info, referenceConfig{}, build)
}

// referenceHandler is the service: five bots, two to a page, with keys.
func referenceHandler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /bots", func(w http.ResponseWriter, r *http.Request) {
		var all []string
		for i := range 5 {
			all = append(all, fmt.Sprintf(`{"id":"b%d","name":"bot %d"}`, i, i))
		}
		page(w, r, all)
	})
	mux.HandleFunc("GET /bots/{id}/keys", func(w http.ResponseWriter, r *http.Request) {
		id := r.PathValue("id")
		page(w, r, []string{fmt.Sprintf(`{"id":"%s-k0","bot":%q,"value":%q}`, id, id, keyCanary())})
	})
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Bearer "+canary() {
			http.Error(w, "{}", http.StatusUnauthorized)
			return
		}
		mux.ServeHTTP(w, r)
	})
}

func page(w http.ResponseWriter, r *http.Request, all []string) {
	from, _ := strconv.Atoi(r.URL.Query().Get("from"))
	to := min(from+referencePage, len(all))
	next := ""
	if to < len(all) {
		next = strconv.Itoa(to)
	}
	fmt.Fprintf(w, `{"items":[%s],"next":%q}`, strings.Join(all[from:to], ","), next)
}

func referenceSuite(flaw string) Suite {
	return Suite{
		Factory:   referenceFactory(flaw),
		Config:    map[string]any{"url": "https://bots.example", "token": canary()},
		Golden:    "testdata/bots.jsonl",
		Canaries:  []string{canary(), keyCanary()},
		Transport: Serve(referenceHandler()),
		Paged:     func(r *http.Request) bool { return r.URL.Query().Has("from") },
		Listing: func(r *http.Request) string {
			if strings.HasSuffix(r.URL.Path, "/keys") {
				return "keys"
			}
			return "bots"
		},
		After:    map[string]string{"keys": "bots"},
		Patience: 500 * time.Millisecond,
	}
}

type item struct{ ID, Name, Bot, Value string }

var errDenied = errors.New("denied")

// Scan lists the bots and their keys.
func (s *reference) Scan(ctx context.Context, emit scanners.Emit) error {
	if s.flaw == "leaves a goroutine" {
		go func() { <-time.After(5 * time.Second) }()
	}
	if s.flaw == "cannot be cancelled" {
		ctx = context.WithoutCancel(ctx)
	}
	bots, err := s.list(ctx, "/bots")
	botCover, keyCover := s.coverage(inventory.KindIdentity), s.coverage(inventory.KindCredential)
	if err := s.lost(ctx, botCover, "bots", err); err != nil {
		return err
	}
	for _, b := range bots {
		if err := s.bot(ctx, emit, b, botCover, keyCover); err != nil && s.flaw != "swallows emit error" {
			return err
		}
	}
	if botCover.Status != inventory.StatusComplete {
		lose(keyCover, "bots were not all listed")
	}
	switch s.flaw {
	case "miscounts":
		keyCover.Count++
	case "no coverage of keys":
		return emit(inventory.Record{Coverage: botCover})
	case "coverage under another name":
		keyCover.Scanner = "robots"
	}
	if err := emit(inventory.Record{Coverage: botCover}); err != nil && s.flaw != "swallows emit error" {
		return err
	}
	err = emit(inventory.Record{Coverage: keyCover})
	if s.flaw == "swallows emit error" {
		return nil
	}
	return err
}

// bot emits one bot and its keys.
func (s *reference) bot(ctx context.Context, emit scanners.Emit, b item, botCover, keyCover *inventory.Coverage) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	id := "bots:" + b.ID
	switch s.flaw {
	case "another prefix":
		id = "robots:" + b.ID
	case "one id twice":
		id = "bots:b0"
	case "differs each time":
		id = fmt.Sprint("bots:", b.ID, time.Now().UnixNano())
	}
	identity := &inventory.Identity{ID: id, Type: "bots.bot", Scope: referenceScope, Name: b.Name}
	if s.flaw == "invalid record" {
		identity.Type = ""
	}
	if err := emit(inventory.Record{Identity: identity}); err != nil {
		return err
	}
	if s.flaw == "changes what it emitted" {
		identity.Name = "changed"
	}
	if s.flaw == "a kind that it does not claim" {
		if err := emit(inventory.Record{Usage: &inventory.Usage{Subject: id, Scope: referenceScope}}); err != nil {
			return err
		}
	}
	botCover.Count++
	keys, err := s.list(ctx, "/bots/"+url.PathEscape(b.ID)+"/keys")
	if err := s.lost(ctx, keyCover, "keys of "+b.ID, err); err != nil {
		return err
	}
	for _, k := range keys {
		if err := emit(inventory.Record{Credential: s.key(id, k)}); err != nil {
			return err
		}
		keyCover.Count++
	}
	return nil
}

func (s *reference) key(identity string, k item) *inventory.Credential {
	c := &inventory.Credential{
		ID: "bots:" + k.ID, Type: "bots.key", Scope: referenceScope, Identity: identity,
		SecretHash: s.env.Hash([]byte(k.Value)), Hint: fmt.Sprintf("(%d characters)", len(k.Value)),
	}
	switch s.flaw {
	case "secret in a record":
		c.Hint = k.Value
	case "part of a secret in a record":
		c.Hint = k.Value[:14] + "…"
	case "secret in base64":
		c.Attributes = map[string]string{"header": basic("user", k.Value)}
	case "secret in an unkeyed hash":
		c.PublicID = forms(k.Value)[len(forms(k.Value))-2].text
	case "secret in the log":
		s.env.Log.Debug("read a key", "value", k.Value)
	}
	return c
}

// lost notes a failed listing in the coverage. It returns an error only if the
// context ended.
func (s *reference) lost(ctx context.Context, c *inventory.Coverage, what string, err error) error {
	if err == nil {
		return nil
	}
	if ctx.Err() != nil {
		if s.flaw == "takes cancellation for a failed listing" {
			lose(c, "cancelled")
			return nil
		}
		return ctx.Err()
	}
	switch {
	case s.flaw == "gives up at a denied request":
		return fmt.Errorf("list %s: %w", what, err)
	case s.flaw == "takes denied for absent" && errors.Is(err, errDenied):
		return nil
	case s.flaw == "hides a cut body" && !errors.Is(err, errDenied):
		return nil
	case s.flaw == "panics when denied":
		panic("denied")
	}
	lose(c, "list "+what+": "+err.Error())
	return nil
}

func lose(c *inventory.Coverage, reason string) {
	c.Status = inventory.StatusPartial
	if c.Reason == "" {
		c.Reason = reason
	}
}

func (s *reference) coverage(kind inventory.Kind) *inventory.Coverage {
	c := &inventory.Coverage{Scanner: "bots", Scope: referenceScope, Kind: kind, Status: inventory.StatusComplete}
	if s.flaw == "partial without cause" {
		lose(c, "not sure")
	}
	return c
}

// list reads all pages of a listing; what it has read before an error counts.
func (s *reference) list(ctx context.Context, path string) ([]item, error) {
	var all []item
	for from := ""; ; {
		var answer struct {
			Items []item
			Next  string
		}
		if err := s.get(ctx, path, from, &answer); err != nil {
			if s.flaw == "drops the pages before" {
				return nil, err
			}
			return all, err
		}
		all = append(all, answer.Items...)
		if answer.Next == "" || s.flaw == "reads one page" {
			return all, nil
		}
		from = answer.Next
	}
}

func (s *reference) get(ctx context.Context, path, from string, into any) error {
	if from != "" {
		path += "?from=" + from
	}
	if s.flaw == "requests without context" {
		ctx = context.Background()
	}
	method := http.MethodGet
	if s.flaw == "changes the system" && from != "" {
		method = http.MethodPost
	}
	req, err := http.NewRequestWithContext(ctx, method, s.url+path, nil)
	if err != nil {
		return err
	}
	req.Header.Set("Authorization", "Bearer "+s.token)
	res, err := s.env.HTTP.Do(req)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		if s.flaw == "secret in the reason" {
			return fmt.Errorf("GET with %s: %w", s.token, errDenied)
		}
		return fmt.Errorf("status %d: %w", res.StatusCode, errDenied)
	}
	return json.NewDecoder(res.Body).Decode(into)
}
