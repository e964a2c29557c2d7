package cli

import (
	"cmp"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"path"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/muster-nhi/muster/internal/config"
	"github.com/muster-nhi/muster/internal/inventory"
)

// A listing is rows for people and records for programs.
type listing struct {
	head    []string
	rows    [][]string
	records []any
}

func (l *listing) add(record any, cells ...string) {
	l.rows = append(l.rows, cells)
	l.records = append(l.records, record)
}

// listFormats lists what --output takes in commands that list.
func listFormats() []string { return []string{"table", "json", "jsonl", "csv"} }

// writeList writes a listing in one of the formats of lists.
func (a *app) writeList(l *listing, format string) error {
	width, _ := a.Terminal(a.Stdout)
	return a.print(func(w io.Writer) error {
		switch format {
		case "", "table":
			g := &grid{head: l.head}
			for _, r := range l.rows {
				g.add(r...)
			}
			g.write(w, width)
			return nil
		case "json":
			if l.records == nil {
				l.records = []any{}
			}
			return writeJSON(w, l.records)
		case "jsonl":
			e := json.NewEncoder(w)
			for _, r := range l.records {
				if err := e.Encode(r); err != nil {
					return err
				}
			}
			return nil
		case "csv":
			return writeCSV(w, l)
		}
		return usage("--output: %q is no format of a list%s", visible(format), config.DidYouMean(format, listFormats()))
	})
}

// writeCSV writes RFC 4180 with a header. A cell that a spreadsheet would take
// for a formula gets a quote before it.
func writeCSV(w io.Writer, l *listing) error {
	c := csv.NewWriter(w)
	head := make([]string, len(l.head))
	for i, h := range l.head {
		head[i] = strings.ReplaceAll(strings.ToLower(h), " ", "_")
	}
	if err := c.Write(head); err != nil {
		return err
	}
	for _, r := range l.rows {
		row := make([]string, len(r))
		for i, cell := range r {
			row[i] = visible(cell)
			if strings.ContainsAny(strings.TrimSpace(row[i] + " ")[:min(1, len(strings.TrimSpace(row[i])))], "=+-@") {
				row[i] = "'" + row[i]
			}
		}
		if err := c.Write(row); err != nil {
			return err
		}
	}
	c.Flush()
	return c.Error()
}

func checkListFormat(format string) error {
	if format != "" && !slices.Contains(listFormats(), format) {
		return usage("--output: %q is no format of a list%s", visible(format), config.DidYouMean(format, listFormats()))
	}
	return nil
}

// writeFiltered writes a listing, and says on standard error if it is empty, so
// that a table without rows is not taken for a failure.
func (a *app) writeFiltered(s *setting, l *listing, format string) error {
	if len(l.rows) == 0 && (format == "" || format == "table") && !s.quiet {
		fmt.Fprintln(a.Stderr, "muster: there is nothing to list")
	}
	return a.writeList(l, format)
}

// filter holds the filters of lists. Patterns have * and ?.
type filter struct {
	kind, typ, scope, name, owner, environment string
	severity, rule, state, category, subject   string
	unowned                                    bool
	format                                     string
	limit                                      int
}

func (f *filter) common(c *cobra.Command) {
	c.Flags().StringVar(&f.typ, "type", "", "only this type (`PATTERN`, for example aws.*)")
	c.Flags().StringVar(&f.scope, "scope", "", "only this scope (`PATTERN`)")
	c.Flags().StringVar(&f.owner, "owner", "", "only what this owner answers for (`PATTERN`)")
	c.Flags().BoolVar(&f.unowned, "unowned", false, "only what nobody is known to answer for")
	c.Flags().StringVar(&f.environment, "environment", "", "only this environment (`PATTERN`)")
	c.Flags().StringVarP(&f.format, "output", "o", "", "`FORMAT`: "+strings.Join(listFormats(), ", "))
	c.Flags().IntVar(&f.limit, "limit", 0, "at most `N` rows; 0 is all")
}

// check refuses what no list can have.
func (f *filter) check() error {
	if f.limit < 0 {
		return usage("--limit: want 0 or more")
	}
	return checkListFormat(f.format)
}

// fits reports whether a text fits a pattern; an empty pattern fits all.
func fits(pattern, s string) bool {
	if pattern == "" || strings.EqualFold(pattern, s) {
		return true
	}
	// path.Match stops at slashes, which ids and scopes are full of, and has
	// classes in brackets, which ids may hold as well.
	plain := strings.NewReplacer("/", "\x01", "[", `\[`, `\`, `\\`)
	ok, err := path.Match(plain.Replace(strings.ToLower(pattern)), strings.ReplaceAll(strings.ToLower(s), "/", "\x01"))
	return err == nil && ok
}

const inventoryHelp = `List what a scan found: identities and credentials, or with a KIND just those of
one kind (identity, credential, grant, usage, trust, consumer, owner, coverage,
relation).`

func (a *app) inventoryCommand(s *setting) *cobra.Command {
	f := &filter{}
	c := &cobra.Command{
		Use: "inventory [KIND]", Short: "list identities, credentials, grants … with filters", Long: inventoryHelp,
		Example:   "  muster inventory --unowned\n  muster inventory credential --type 'aws.*' -o csv\n  muster inventory coverage",
		ValidArgs: kindNames(),
		RunE: func(c *cobra.Command, args []string) error {
			if len(args) > 1 {
				return usage("%s takes one KIND (usage: %s)", c.CommandPath(), c.UseLine())
			}
			if len(args) == 1 {
				f.kind = strings.TrimSuffix(args[0], "s")
				switch args[0] {
				case "identities":
					f.kind = "identity"
				case "coverages", "coverage":
					f.kind = "coverage"
				}
				if f.kind == "finding" {
					return usage("findings have a command of their own: muster findings")
				}
				if !slices.Contains(kindNames(), f.kind) {
					return usage("there is no kind %q%s", visible(args[0]), config.DidYouMean(args[0], kindNames()))
				}
			}
			if err := errorsFirst(a.settle(s), f.check()); err != nil {
				return err
			}
			p, err := a.load(c.Context(), s)
			if err != nil {
				return err
			}
			return a.writeFiltered(s, inventoryList(p.inv, f), f.format)
		},
	}
	s.bindFrom(c)
	f.common(c)
	c.Flags().StringVar(&f.name, "name", "", "only this name (`PATTERN`)")
	completeFlags(a, s, c)
	return c
}

func errorsFirst(errs ...error) error {
	for _, e := range errs {
		if e != nil {
			return e
		}
	}
	return nil
}

func kindNames() []string {
	var out []string
	for _, k := range append(inventory.ScanKinds(), inventory.KindCoverage, inventory.KindRelation) {
		out = append(out, string(k))
	}
	return out
}

// bestOwner returns who answers for a subject, "" if nobody is known to.
func bestOwner(inv *inventory.Inventory, id string) string {
	if o := inv.OwnersOf(id); len(o) > 0 {
		return o[0].Owner
	}
	return ""
}

func (f *filter) owned(inv *inventory.Inventory, id string) bool {
	owner := bestOwner(inv, id)
	if f.unowned {
		return owner == ""
	}
	return f.owner == "" || fits(f.owner, owner)
}

// inventoryList picks the records that fit the filter.
func inventoryList(inv *inventory.Inventory, f *filter) *listing {
	l := &listing{}
	switch inventory.Kind(f.kind) {
	case inventory.KindGrant:
		l.grants(inv, f)
	case inventory.KindUsage:
		l.usages(inv, f)
	case inventory.KindTrust:
		l.trusts(inv, f)
	case inventory.KindConsumer:
		l.consumers(inv, f)
	case inventory.KindOwner:
		l.owners(inv, f)
	case inventory.KindCoverage:
		l.coverages(inv, f)
	case inventory.KindRelation:
		l.relations(inv)
	default:
		l.population(inv, f)
	}
	if f.limit > 0 && len(l.rows) > f.limit {
		l.rows, l.records = l.rows[:f.limit], l.records[:f.limit]
	}
	return l
}

// population lists identities and credentials.
func (l *listing) population(inv *inventory.Inventory, f *filter) {
	l.head = []string{"Kind", "Type", "Name", "Scope", "Owner", "Created", "ID"}
	if f.kind != "credential" {
		for _, x := range inv.Identities {
			if fits(f.typ, x.Type) && fits(f.scope, x.Scope) && fits(f.name, x.Name) && fits(f.environment, x.Environment) && f.owned(inv, x.ID) {
				l.add(inventory.Record{Identity: x}, "identity", x.Type, x.Name, x.Scope, bestOwner(inv, x.ID), dayOrNone(x.CreatedAt), x.ID)
			}
		}
	}
	if f.kind != "identity" {
		for _, x := range inv.Credentials {
			name := cmp.Or(x.Name, x.PublicID, x.Hint)
			if fits(f.typ, x.Type) && fits(f.scope, x.Scope) && fits(f.name, name) && fits(f.environment, x.Environment) && f.owned(inv, x.ID) {
				l.add(inventory.Record{Credential: x}, "credential", x.Type, name, x.Scope, bestOwner(inv, x.ID), dayOrNone(x.CreatedAt), x.ID)
			}
		}
	}
}

func (l *listing) grants(inv *inventory.Inventory, f *filter) {
	l.head = []string{"Level", "Name", "Principal", "Resource", "Via", "Scope", "ID"}
	for _, x := range inv.Grants {
		if fits(f.scope, x.Scope) && fits(f.name, x.Name) && f.owned(inv, x.Principal) {
			l.add(inventory.Record{Grant: x}, string(x.Level), x.Name, x.Principal, x.Resource, x.Via, x.Scope, x.ID)
		}
	}
}

func (l *listing) usages(inv *inventory.Inventory, f *filter) {
	l.head = []string{"Last used", "Tracked since", "Subject", "Service", "Resource", "Scope"}
	for _, x := range inv.Usages {
		if fits(f.scope, x.Scope) && f.owned(inv, x.Subject) {
			l.add(inventory.Record{Usage: x}, dayOrNone(x.LastUsedAt), dayOrNone(x.TrackedSince), x.Subject, x.Service, x.Resource, x.Scope)
		}
	}
}

func (l *listing) trusts(inv *inventory.Inventory, f *filter) {
	l.head = []string{"Type", "Identity", "Issuer", "Subject", "Audience", "Scope", "ID"}
	for _, x := range inv.Trusts {
		if fits(f.typ, x.Type) && fits(f.scope, x.Scope) && f.owned(inv, x.Identity) {
			l.add(inventory.Record{Trust: x}, x.Type, x.Identity, x.Issuer, x.Subject, x.Audience, x.Scope, x.ID)
		}
	}
}

func (l *listing) consumers(inv *inventory.Inventory, f *filter) {
	l.head = []string{"Kind", "Workload", "Location", "Uses", "Scope", "ID"}
	for _, x := range inv.Consumers {
		if fits(f.typ, x.Kind) && fits(f.scope, x.Scope) && fits(f.name, x.Workload) && fits(f.environment, x.Environment) && f.owned(inv, x.Subject) {
			l.add(inventory.Record{Consumer: x}, x.Kind, x.Workload, x.Location, x.Subject, x.Scope, x.ID)
		}
	}
}

func (l *listing) owners(inv *inventory.Inventory, f *filter) {
	l.head = []string{"Owner", "Kind", "Method", "Confidence", "Still there", "Subject", "Source"}
	for _, x := range inv.Owners {
		if fits(f.scope, x.Scope) && fits(f.owner, x.Owner) {
			l.add(inventory.Record{Owner: x}, x.Owner, x.Kind, x.Method, string(x.Confidence), x.Active.String(), x.Subject, x.Source)
		}
	}
}

func (l *listing) coverages(inv *inventory.Inventory, f *filter) {
	l.head = []string{"Scope", "Kind", "Status", "Count", "Scanner", "Reason"}
	for _, x := range inv.Coverages {
		if fits(f.scope, x.Scope) {
			l.add(inventory.Record{Coverage: x}, x.Scope, string(x.Kind), string(x.Status), fmt.Sprint(x.Count), x.Scanner, x.Reason)
		}
	}
}

func (l *listing) relations(inv *inventory.Inventory) {
	l.head = []string{"From", "Relation", "To", "Method", "Exact", "Reason"}
	for _, x := range inv.Relations {
		l.add(inventory.Record{Relation: x}, x.From, x.Type, x.To, x.Method, fmt.Sprint(x.Exact), x.Reason)
	}
}

func (a *app) findingsCommand(s *setting) *cobra.Command {
	f := &filter{}
	c := &cobra.Command{
		Use: "findings", Short: "list findings of a snapshot, with filters",
		Long: `List the findings of a snapshot (the latest by default) or of a recorded scan,
worst first. They are judged anew, like a report.`,
		Example: "  muster findings --severity critical --severity high\n  muster findings --rule 'NHI-EXP-*' -o csv\n  muster findings --state new --owner platform-team",
		Args:    exactly(),
		RunE: func(c *cobra.Command, _ []string) error {
			severities, err := c.Flags().GetStringArray("severity")
			if err != nil {
				return err
			}
			for _, v := range severities {
				if inventory.Severity(v).Rank() == 0 {
					return usage("--severity: %q is none%s", visible(v), config.DidYouMean(v, []string{"critical", "high", "medium", "low", "info"}))
				}
			}
			if err := errorsFirst(a.settle(s), f.check()); err != nil {
				return err
			}
			r, _, err := a.reported(c.Context(), s)
			if err != nil {
				return err
			}
			excepted, err := c.Flags().GetBool("excepted")
			if err != nil {
				return err
			}
			list := r.Findings
			if excepted {
				list = r.Excepted
			}
			return a.writeFiltered(s, findingList(list, f, severities), f.format)
		},
	}
	s.bindFrom(c)
	s.bindJudge(c)
	s.bindBaseline(c)
	f.common(c)
	c.Flags().StringArray("severity", nil, "only this `LEVEL` (repeatable): critical, high, medium, low, info")
	c.Flags().StringVar(&f.rule, "rule", "", "only of this rule (`PATTERN`)")
	c.Flags().StringVar(&f.category, "category", "", "only of this family of rules (`PATTERN`)")
	c.Flags().StringVar(&f.subject, "subject", "", "only on this subject (`PATTERN` over its id or name)")
	c.Flags().StringVar(&f.state, "state", "", "only in this `STATE`: new, open, reopened")
	c.Flags().Bool("excepted", false, "those under an active exception instead")
	completeFlags(a, s, c)
	return c
}

// findingList picks the findings that fit the filter.
func findingList(list []*inventory.Finding, f *filter, severities []string) *listing {
	l := &listing{head: []string{"ID", "Severity", "Score", "Rule", "Owner", "State", "First seen", "Finding"}}
	for _, x := range list {
		switch {
		case len(severities) > 0 && !slices.Contains(severities, string(x.Severity)),
			!fits(f.rule, x.Rule), !fits(f.category, x.Category), !fits(f.scope, x.Scope),
			!fits(f.typ, x.SubjectType), !fits(f.environment, x.Environment), !fits(f.state, x.State),
			!fits(f.subject, x.Subject) && !fits(f.subject, x.SubjectName),
			f.unowned && x.Owner != "", !f.unowned && !fits(f.owner, x.Owner):
			continue
		}
		if f.limit > 0 && len(l.rows) == f.limit {
			break
		}
		l.add(inventory.Record{Finding: x}, x.ID, string(x.Severity), fmt.Sprint(x.Score), x.Rule, x.Owner, x.State, dayOrNone(x.FirstSeen), x.Message)
	}
	return l
}
