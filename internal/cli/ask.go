package cli

import (
	"context"
	"fmt"

	"github.com/muster-nhi/muster/internal/config"
	"github.com/muster-nhi/muster/scanners/all"
	"github.com/muster-nhi/muster/scanners/azure"
	"github.com/muster-nhi/muster/scanners/azure/live"
)

// ask asks a cloud as whom a source would read and what is refused.
func (a *app) ask(ctx context.Context, s *setting, source string) []check {
	c := check{Name: "source " + source, Status: "fail"}
	t, err := newTarget(all.Factories(), config.Source{Source: source}, s.overlays())
	if err != nil {
		c.Detail = oneLine(err)
		return []check{c}
	}
	switch t.factory.Info().Name {
	case "aws":
		return a.askAmazon(ctx, c, t)
	case "azure":
		var configured azure.Config
		if err := t.decode(&configured); err != nil {
			c.Detail = oneLine(err)
			return []check{c}
		}
		return a.askAzure(ctx, c, configured)
	default:
		c.Detail = "doctor asks aws[:PROFILE] and azure[:TENANT] only; muster scan reads other sources"
		return []check{c}
	}
}

// askAzure asks Entra and Azure, a request for each kind of thing.
func (a *app) askAzure(ctx context.Context, c check, configured azure.Config) []check {
	ctx, cancel := context.WithTimeout(ctx, maxProbe)
	defer cancel()
	r, err := live.Open(ctx, live.Options{
		Tenant: configured.Tenant, Cloud: live.Cloud(configured.Cloud), Credential: live.Kind(configured.Credential), ClientID: configured.ClientID,
		CertificateFile: configured.CertificateFile, TokenFile: configured.TokenFile, NoDirectory: !configured.Directory, NoResources: !configured.Resources,
		GraphEndpoint: configured.GraphEndpoint, ARMEndpoint: configured.ARMEndpoint, AuthorityHost: configured.AuthorityHost,
		Now: a.Now, Random: func() float64 { return 0 }, UserAgent: "muster/" + a.tool().Version, Getenv: a.Getenv,
	})
	if err != nil {
		c.Detail = oneLine(err)
		return []check{c}
	}
	defer r.Close()
	got, err := r.Probe(ctx)
	if err != nil {
		c.Detail = oneLine(err)
		return []check{c}
	}
	c.Status = "ok"
	c.Detail = fmt.Sprintf("tenant %s as %s %s; %d of %s answered, %s", got.Tenant, got.ReaderName, got.Reader, got.Tried-len(got.Trouble), plural(got.Tried, "call"), plural(got.Subscriptions, "subscription"))
	for _, l := range got.Trouble {
		c.Status = "warn"
		c.Detail += fmt.Sprintf("\n%s: %s", l.Call, l.Reason)
	}
	if c.Status == "warn" {
		c.Detail += "\nmuster permissions azure prints what it takes"
	}
	return []check{c}
}
