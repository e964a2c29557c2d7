package cli

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/muster-nhi/muster/internal/config"
	"github.com/muster-nhi/muster/scanners/all"
	"github.com/muster-nhi/muster/scanners/azure"
	"github.com/muster-nhi/muster/scanners/azure/live"
)

// ask asks a cloud as whom a source would read and what is refused.
func (a *app) ask(ctx context.Context, s *setting, source string) check {
	ctx, cancel := context.WithTimeout(ctx, maxProbe)
	defer cancel()
	got, err := a.answer(ctx, s, source)
	return got.check(source, err)
}

// maxProbe is how long a cloud is asked at most.
const maxProbe = time.Minute

// An answer is what a cloud says of a source.
type answer struct {
	is      string   // as whom it is read, and how much of it answered
	refused []string // a line for each call that was, with the reason
	takes   string   // what to do about those
}

// check is what doctor shows of an answer, or of an error in its place.
func (x answer) check(source string, err error) check {
	c := check{"source " + source, "ok", x.is}
	switch {
	case err != nil:
		c.Status, c.Detail = "fail", oneLine(err)
	case len(x.refused) > 0:
		c.Status, c.Detail = "warn", strings.Join(slices.Concat([]string{x.is}, x.refused, []string{x.takes}), "\n")
	}
	return c
}

func (a *app) answer(ctx context.Context, s *setting, source string) (answer, error) {
	t, err := newTarget(all.Factories(), config.Source{Source: source}, s.overlays())
	if err != nil {
		return answer{}, err
	}
	switch t.factory.Info().Name {
	case "aws":
		return a.askAmazon(ctx, t)
	case "azure":
		var configured azure.Config
		if err := t.decode(&configured); err != nil {
			return answer{}, err
		}
		return a.askAzure(ctx, configured)
	default:
		return answer{}, errors.New("doctor asks aws[:PROFILE] and azure[:TENANT] only; muster scan reads other sources")
	}
}

// askAzure asks Entra and Azure, a request for each kind of thing.
func (a *app) askAzure(ctx context.Context, configured azure.Config) (answer, error) {
	r, err := live.Open(ctx, live.Options{
		Tenant: configured.Tenant, Cloud: live.Cloud(configured.Cloud), Credential: live.Kind(configured.Credential), ClientID: configured.ClientID,
		CertificateFile: configured.CertificateFile, TokenFile: configured.TokenFile, NoDirectory: !configured.Directory, NoResources: !configured.Resources,
		GraphEndpoint: configured.GraphEndpoint, ARMEndpoint: configured.ARMEndpoint, AuthorityHost: configured.AuthorityHost,
		Now: a.Now, Random: func() float64 { return 0 }, UserAgent: "muster/" + a.tool().Version, Getenv: a.Getenv,
	})
	if err != nil {
		return answer{}, err
	}
	defer r.Close()
	got, err := r.Probe(ctx)
	if err != nil {
		return answer{}, err
	}
	out := answer{takes: "muster permissions azure prints what it takes"}
	out.is = fmt.Sprintf("tenant %s as %s %s; %d of %s answered, %s", got.Tenant, got.ReaderName, got.Reader, got.Tried-len(got.Trouble), plural(got.Tried, "call"), plural(got.Subscriptions, "subscription"))
	for _, l := range got.Trouble {
		out.refused = append(out.refused, l.Call+": "+l.Reason)
	}
	return out, nil
}
