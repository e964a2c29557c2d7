package report

import (
	"github.com/muster-nhi/muster/findings"
	"github.com/muster-nhi/muster/internal/inventory"
)

// inventory replaces every record. Ids come first, so that a name that is an
// id too has one pseudonym.
func (x *redactor) inventory(inv *inventory.Inventory) *inventory.Inventory {
	b := inventory.NewBuilder()
	add := func(r inventory.Record) { _ = b.Add(r) } // a pseudonym is as valid as what it stands for
	for _, r := range inv.Identities {
		add(inventory.Record{Identity: x.identity(*r)})
	}
	for _, r := range inv.Credentials {
		add(inventory.Record{Credential: x.credential(*r)})
	}
	for _, r := range inv.Grants {
		add(inventory.Record{Grant: x.grant(*r)})
	}
	for _, r := range inv.Usages {
		add(inventory.Record{Usage: x.usage(*r)})
	}
	for _, r := range inv.Trusts {
		add(inventory.Record{Trust: x.trust(*r)})
	}
	for _, r := range inv.Consumers {
		add(inventory.Record{Consumer: x.consumer(*r)})
	}
	for _, r := range inv.Owners {
		add(inventory.Record{Owner: x.owner(*r)})
	}
	for _, r := range inv.Coverages {
		add(inventory.Record{Coverage: x.coverage(*r)})
	}
	for _, r := range inv.Relations {
		add(inventory.Record{Relation: x.relation(*r)})
	}
	return b.Build()
}

func (x *redactor) identity(r inventory.Identity) *inventory.Identity {
	r.ID, r.Scope, r.Name = x.id(r.ID), x.name("scope", r.Scope), x.name("identity", r.Name)
	r.Type, r.Environment = x.kind(r.Type), x.environment(r.Environment)
	r.PublicIDs = x.list("id", r.PublicIDs)
	r.CreatedBy, r.ManagedBy = x.name("person", r.CreatedBy), x.name("platform", r.ManagedBy)
	r.FoundAt = x.locations(r.FoundAt)
	r.Description, r.Tags, r.Attributes = "", nil, nil
	return &r
}

func (x *redactor) credential(r inventory.Credential) *inventory.Credential {
	r.ID, r.Scope, r.Name = x.id(r.ID), x.name("scope", r.Scope), x.name("credential", r.Name)
	r.Type, r.Environment = x.kind(r.Type), x.environment(r.Environment)
	if r.Identity != "" {
		r.Identity = x.id(r.Identity)
	}
	r.PublicID, r.ManagedBy = x.name("id", r.PublicID), x.name("platform", r.ManagedBy)
	r.Store = x.text(r.Store)
	r.DisabledReason = x.text(r.DisabledReason)
	r.FoundAt = x.locations(r.FoundAt)
	r.SecretHash, r.Hint, r.Detector, r.Description, r.Tags, r.Attributes = "", "", "", "", nil, nil
	return &r
}

func (x *redactor) grant(r inventory.Grant) *inventory.Grant {
	r.ID, r.Principal, r.Scope = x.id(r.ID), x.id(r.Principal), x.name("scope", r.Scope)
	r.Name, r.Resource, r.Via = x.name("role", r.Name), x.enum("resource", r.Resource, "*"), x.text(r.Via)
	r.Reasons, r.Paths, r.Condition, r.Attributes = nil, nil, blank(r.Condition), nil
	r.FoundAt = x.locations(r.FoundAt)
	return &r
}

func (x *redactor) usage(r inventory.Usage) *inventory.Usage {
	r.Subject, r.Scope = x.id(r.Subject), x.name("scope", r.Scope)
	r.Service, r.Resource, r.Source = x.name("service", r.Service), x.name("resource", r.Resource), ""
	return &r
}

func (x *redactor) trust(r inventory.Trust) *inventory.Trust {
	r.ID, r.Identity, r.Scope = x.id(r.ID), x.id(r.Identity), x.name("scope", r.Scope)
	r.Issuer, r.Subject = x.name("issuer", r.Issuer), x.name("subject", r.Subject)
	r.Audience, r.ExternalAccount = x.name("audience", r.Audience), x.name("account", r.ExternalAccount)
	conditions := make([]string, len(r.Conditions))
	for i := range conditions {
		conditions[i] = withheld
	}
	r.Conditions, r.FoundAt, r.Attributes = conditions, x.locations(r.FoundAt), nil
	return &r
}

func (x *redactor) consumer(r inventory.Consumer) *inventory.Consumer {
	r.ID, r.Subject, r.Scope = x.id(r.ID), x.id(r.Subject), x.name("scope", r.Scope)
	r.Workload, r.Location = x.name("workload", r.Workload), x.name("place", r.Location)
	r.Environment, r.FoundAt, r.Attributes = x.environment(r.Environment), x.locations(r.FoundAt), nil
	return &r
}

func (x *redactor) owner(r inventory.Owner) *inventory.Owner {
	r.Subject, r.Scope, r.Owner, r.Source = x.id(r.Subject), x.name("scope", r.Scope), x.name("owner", r.Owner), ""
	return &r
}

func (x *redactor) coverage(r inventory.Coverage) *inventory.Coverage {
	r.Scope, r.Principal = x.name("scope", r.Scope), x.name("principal", r.Principal)
	r.Reason, r.ControlSource = x.text(r.Reason), ""
	notes := make([]string, 0, len(r.Notes))
	for _, n := range r.Notes {
		notes = append(notes, x.text(n))
	}
	r.Notes = notes
	suppressed := make(map[string]int, len(r.Suppressed))
	for reason, n := range r.Suppressed {
		suppressed[x.suppression(reason)] += n
	}
	r.Suppressed = suppressed
	return &r
}

// suppression keeps the ways to suppress that muster itself knows.
func (x *redactor) suppression(s string) string {
	return x.enum("suppression", s, "gitleaks:allow", ".gitleaksignore", ".gitleaks.toml", "allowlist")
}

func (x *redactor) relation(r inventory.Relation) *inventory.Relation {
	r.From, r.To, r.Reason = x.id(r.From), x.id(r.To), x.text(r.Reason)
	return &r
}

func (x *redactor) locations(list []inventory.Location) []inventory.Location {
	out := make([]inventory.Location, 0, len(list))
	for _, l := range list {
		l.URI, l.Repo = x.name("path", l.URI), x.name("scope", l.Repo)
		if l.Commit != "" {
			l.Commit = x.digest(l.Commit)[:40]
		}
		l.Author, l.Via = x.name("person", l.Author), x.text(l.Via)
		out = append(out, l)
	}
	return out
}

func (x *redactor) run(r Run) Run {
	sources := make([]string, 0, len(r.Sources))
	for _, s := range r.Sources {
		sources = append(sources, x.id(s))
	}
	r.Sources, r.Baseline, r.Redacted = sources, x.name("baseline", r.Baseline), true
	return r
}

func (x *redactor) findings(list []*inventory.Finding) []*inventory.Finding {
	out := make([]*inventory.Finding, 0, len(list))
	for _, f := range list {
		out = append(out, x.finding(*f))
	}
	return out
}

func (x *redactor) finding(f inventory.Finding) *inventory.Finding {
	f.ID, f.Fingerprint = "F-"+x.digest(f.ID)[:16], x.digest(fingerprint(&f))[:16]
	f.Subject, f.SubjectName = x.id(f.Subject), x.name("name", f.SubjectName)
	f.SubjectType, f.Scope, f.Environment = x.kind(f.SubjectType), x.name("scope", f.Scope), x.environment(f.Environment)
	f.Owner, f.Locations = x.name("owner", f.Owner), x.locations(f.Locations)
	f.Title, f.Message = x.static(f.Title), x.text(f.Message)
	chain := make([]string, 0, len(f.Chain))
	for _, c := range f.Chain {
		chain = append(chain, x.text(c))
	}
	lines := make([]inventory.ScoreLine, 0, len(f.ScoreLines))
	for _, l := range f.ScoreLines {
		lines = append(lines, inventory.ScoreLine{Points: l.Points, Reason: x.text(l.Reason)})
	}
	f.Chain, f.ScoreLines = chain, lines
	if e := f.Exception; e != nil {
		f.Exception = &inventory.Exception{
			Reason: withheld, Approver: x.name("person", e.Approver), Control: blank(e.Control), Expires: e.Expires,
		}
	}
	return &f
}

func blank(s string) string {
	if s == "" {
		return ""
	}
	return withheld
}

// rules keeps the texts of the rules but for what looks like a name in a rule
// of the user's own.
func (x *redactor) rules(list []findings.Rule) []findings.Rule {
	out := make([]findings.Rule, 0, len(list))
	for _, r := range list {
		r.Title, r.Why, r.Verify, r.File = x.static(r.Title), x.static(r.Why), x.static(r.Verify), ""
		fixes := make([]findings.Fix, 0, len(r.Fix))
		for _, f := range r.Fix {
			fixes = append(fixes, findings.Fix{Platform: f.Platform, Steps: x.static(f.Steps)})
		}
		r.Fix, r.Tests, r.Source = fixes, nil, ""
		out = append(out, r)
	}
	return out
}

func (x *redactor) tallies(list []findings.Tally) []findings.Tally {
	out := make([]findings.Tally, 0, len(list))
	for _, t := range list {
		reasons := make(map[string]int, len(t.Reasons))
		for reason, n := range t.Reasons {
			reasons[x.text(reason)] += n
		}
		t.Title, t.Reasons = x.static(t.Title), reasons
		out = append(out, t)
	}
	return out
}

func (x *redactor) controls(list []findings.ControlStatus) []findings.ControlStatus {
	out := make([]findings.ControlStatus, 0, len(list))
	for _, c := range list {
		evidence := make([]string, 0, len(c.Evidence))
		for _, e := range c.Evidence {
			evidence = append(evidence, x.text(e))
		}
		c.Title, c.Reason, c.Evidence = x.static(c.Title), x.text(c.Reason), evidence
		out = append(out, c)
	}
	return out
}

func (x *redactor) exceptions(list []findings.ExceptionUse) []findings.ExceptionUse {
	out := make([]findings.ExceptionUse, 0, len(list))
	for _, e := range list {
		e.Entry, e.Reason, e.Approver = x.name("entry", e.Entry), withheld, x.name("person", e.Approver)
		out = append(out, e)
	}
	return out
}
