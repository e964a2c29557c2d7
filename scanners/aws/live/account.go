package live

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/muster-nhi/muster/internal/inventory"
	"github.com/muster-nhi/muster/scanners/aws/live/wire"
	"github.com/muster-nhi/muster/scanners/aws/object"
)

// regions returns the regions to read: those that are on, less those left out by
// choice. Where it may not be asked which are on, it takes those that need no opting
// in, and says so.
func (s *session) regions(ctx context.Context) []string {
	type answer struct {
		Regions []struct {
			Name  string `xml:"regionName"`
			State string `xml:"optInStatus"`
		} `xml:"regionInfo>item"`
	}
	var out answer
	o := s.reader.options
	err := s.ask(ctx, "ec2:DescribeRegions", s.reader.region, wire.Values{"AllRegions": true}, &out)
	var on, off, left []string
	for _, r := range out.Regions {
		switch {
		case !chosen(r.Name, o.Regions, o.ExcludeRegions):
			if r.State != "not-opted-in" {
				left = append(left, r.Name)
			}
		case r.State == "not-opted-in":
			off = append(off, r.Name)
		default:
			on = append(on, r.Name)
		}
	}
	l := listing(s.op("ec2:DescribeRegions"), "", len(out.Regions), err)
	if err != nil {
		for _, name := range s.client.Partition().Regions {
			if chosen(name, o.Regions, o.ExcludeRegions) {
				on = append(on, name)
			}
		}
		l.Status, l.Count = inventory.StatusPartial, len(on)
		l.Reason = "which regions are on is not known (" + l.Reason + "): those are read that need no opting in"
	}
	s.regionNotes(l, on, off, left)
	s.keep(func(a *object.Account) { a.Listings = append(a.Listings, l) })
	slices.Sort(on)
	return on
}

// regionNotes says what is not read, and why.
func (s *session) regionNotes(l object.Listing, on, off, left []string) {
	o := s.reader.options
	slices.Sort(off)
	slices.Sort(left)
	all := slices.Concat(on, off, left)
	for _, name := range o.Regions {
		x := object.Listing{Call: l.Call, Region: name, Status: inventory.StatusSkipped}
		switch {
		case slices.Contains(off, name):
			x.Reason = "the region is off in this account (not opted in)"
		case matches(name, o.ExcludeRegions), slices.ContainsFunc(all, func(r string) bool { return matches(r, []string{name}) }):
		case l.Status != inventory.StatusComplete:
			x.Status, x.Reason = inventory.StatusDenied, "it was not read, as it is not known whether the account has it"
		default:
			x.Status, x.Reason = inventory.StatusDenied, "the account has no region of this name"
		}
		if x.Reason != "" {
			s.keep(func(a *object.Account) { a.Listings = append(a.Listings, x) })
		}
	}
	s.keep(func(a *object.Account) {
		if len(off) > 0 {
			a.Notes = append(a.Notes, fmt.Sprintf("%d regions are off, and what was made there before cannot be read: %s", len(off), strings.Join(off, ", ")))
		}
	})
	if len(left) > 0 {
		s.keep(func(a *object.Account) {
			a.Chosen = o.regionChoice()
			a.Notes = append(a.Notes, fmt.Sprintf("%d regions are left out by choice: %s", len(left), strings.Join(left, ", ")))
		})
	}
}

// regionChoice writes which regions were chosen: eu-*,!eu-south-2.
func (o *Options) regionChoice() string {
	out := slices.Clone(o.Regions)
	for _, r := range o.ExcludeRegions {
		out = append(out, "!"+r)
	}
	return strings.Join(out, ",")
}

// alias reads what people call the account.
func (s *session) alias(ctx context.Context) {
	type page struct {
		wire.Page
		Aliases []string `xml:"AccountAliases>member"`
	}
	list(ctx, s, "iam:ListAccountAliases", "", nil, func(out *page) int {
		if len(out.Aliases) > 0 {
			s.keep(func(a *object.Account) { a.Alias = out.Aliases[0] })
		}
		return len(out.Aliases)
	})
}

// A summary is what IAM counts.
type summary struct {
	Entries []struct {
		Key   string `xml:"key"`
		Value int    `xml:"value"`
	} `xml:"SummaryMap>entry"`
}

// summary reads what is known of the root user without the report.
func (s *session) summary(ctx context.Context) {
	out := map[string]int{}
	one(ctx, s, "iam:GetAccountSummary", "", nil, func(a *summary) int {
		for _, e := range a.Entries {
			out[e.Key] = e.Value
		}
		return 1
	})
	if len(out) == 0 {
		return
	}
	s.keep(func(a *object.Account) { a.Summary = out })
}

// contacts reads who answers for the account. That there is none of a kind, is no
// error.
func (s *session) contacts(ctx context.Context) {
	type primary struct {
		ContactInformation struct{ FullName, CompanyName wire.Text }
	}
	one(ctx, s, "account:GetContactInformation", "", nil, func(p *primary) int {
		c := p.ContactInformation
		s.keep(func(a *object.Account) {
			a.Contacts = append(a.Contacts, object.Contact{Type: "PRIMARY", Name: name(string(c.FullName), string(c.CompanyName))})
		})
		return 1
	})
	type alternate struct {
		AlternateContact struct{ Name, EmailAddress wire.Text }
	}
	n := 0
	var failed error
	for _, kind := range []string{"OPERATIONS", "SECURITY"} {
		var out alternate
		err := s.ask(ctx, "account:GetAlternateContact", "", wire.Values{"AlternateContactType": kind}, &out)
		switch c := out.AlternateContact; {
		case err != nil && !wire.Missing(err):
			failed = err
		case err == nil && (c.Name != "" || c.EmailAddress != ""):
			n++
			s.keep(func(a *object.Account) {
				a.Contacts = append(a.Contacts, object.Contact{Type: kind, Name: string(c.Name), Email: string(c.EmailAddress)})
			})
		}
		if wire.Denied(err) || wire.Absent(err) {
			break
		}
	}
	s.note("account:GetAlternateContact", "", n, failed)
}

func name(full, company string) string {
	if company == "" || company == full {
		return full
	}
	return full + " (" + company + ")"
}
