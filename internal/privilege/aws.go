package privilege

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/muster-nhi/muster/internal/inventory"
	aws "github.com/muster-nhi/muster/internal/privilege/aws/policy"
)

// ErrNotPolicy says that a document is not a policy.
var ErrNotPolicy = errors.New("not a policy document")

// A statement is one statement of a policy.
type statement struct{ *aws.Statement }

// statements parses a policy document.
func statements(document []byte) ([]statement, error) {
	doc, err := aws.Parse(document)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrNotPolicy, err)
	}
	all := make([]statement, len(doc.Statements))
	for i := range doc.Statements {
		all[i].Statement = &doc.Statements[i]
	}
	return all, nil
}

// AWSPolicy assesses an identity policy by itself: no boundary, no policy of the
// organisation, no other policy of the principal. Statements under a condition
// may or may not hold, so where they would give more than the others do the
// level is unknown. An action that is limited to named resources, or to the
// caller's own user by ${aws:username}, gives no escalation; iam:PassRole gives
// none without an action that starts something under the role.
func AWSPolicy(document []byte) (Assessment, error) {
	parsed, err := statements(document)
	if err != nil {
		return Assessment{}, fmt.Errorf("assess policy: %w", err)
	}
	certain := assessAWS(parsed, false)
	possible := assessAWS(parsed, true)
	if hasExpression(parsed) {
		possible.add(inventory.LevelAdmin, "", "an action is an expression that is not known here")
	}
	if possible.Level.Rank() <= certain.Level.Rank() {
		return certain, nil
	}
	out := certain
	out.Level = inventory.LevelUnknown
	for _, r := range possible.Reasons {
		if !slices.Contains(certain.Reasons, r) {
			out.Reasons = append(out.Reasons, "perhaps: "+r)
		}
	}
	return out, nil
}

// hasExpression reports whether an action that is allowed is an expression of
// the language around the document.
func hasExpression(all []statement) bool {
	return slices.ContainsFunc(all, func(s statement) bool {
		return !s.Deny && slices.ContainsFunc(append(slices.Clone(s.Actions), s.NotActions...), func(a string) bool { return strings.Contains(a, "${") })
	})
}

// assessAWS assesses statements, those under a condition only if asked to.
func assessAWS(all []statement, conditional bool) Assessment {
	p := policy{all: all, conditional: conditional}
	p.Level = inventory.LevelNone
	p.classes()
	p.admin()
	for _, d := range awsDangers() {
		p.danger(d)
	}
	p.passRole()
	if len(p.Reasons) == 0 {
		p.Reasons = []string{"allows nothing"}
	}
	return p.Assessment
}

// A policy is an assessment of statements in the making.
type policy struct {
	Assessment
	all         []statement
	conditional bool // statements under a condition count
}

// A reach says on what an action is allowed, weakest first.
type reach int

const (
	reachNone  reach = iota
	reachSelf        // the caller's own user
	reachNamed       // named resources
	reachAll         // everything, or everything of a type
)

// allows returns how far an action reaches, and the statement that says so. A
// deny without condition that covers all resources takes it away.
func (p *policy) allows(action string) (reach, *statement) {
	best, by := reachNone, (*statement)(nil)
	service, _, _ := strings.Cut(action, ":")
	for i := range p.all {
		s := &p.all[i]
		if !s.covers(action) {
			continue
		}
		r := s.reach(service)
		if s.Deny {
			if len(s.Conditions) == 0 && r == reachAll && len(s.NotResources) == 0 {
				return reachNone, s
			}
			continue
		}
		if len(s.Conditions) > 0 && !p.conditional {
			continue
		}
		if r > best {
			best, by = r, s
		}
	}
	return best, by
}

// covers reports whether a statement speaks of an action.
func (s *statement) covers(action string) bool {
	asked := aws.NewAction(action)
	about := func(pattern string) bool { return aws.MatchAction(pattern, asked) }
	if s.NotActions != nil {
		return !slices.ContainsFunc(s.NotActions, about)
	}
	return slices.ContainsFunc(s.Actions, about)
}

// reach tells on what a statement has effect for the actions of a service; ""
// asks for everything of all services.
func (s *statement) reach(service string) reach {
	if len(s.NotResources) > 0 {
		return reachAll
	}
	best := reachNone
	for _, r := range s.Resources {
		switch {
		case strings.Trim(r, "*") == "":
			return reachAll
		case service == "" || !concerns(r, service):
			continue
		case isBroad(r):
			return reachAll
		case strings.Contains(r, "${aws:username}") || strings.Contains(r, "${aws:userid}") || strings.Contains(r, "${aws:PrincipalTag/"):
			best = max(best, reachSelf)
		default:
			best = max(best, reachNamed)
		}
	}
	return best
}

// concerns reports whether the actions of a service apply to a resource: those
// of Systems Manager apply to EC2's instances too. What is not an ARN, or not
// known, may concern any.
func concerns(resource, service string) bool {
	parts := strings.SplitN(resource, ":", 6)
	if len(parts) < 6 || strings.ContainsAny(parts[2], "*?$") {
		return true
	}
	return parts[2] == service || parts[2] == "ec2" && (service == "ssm" || service == "ec2-instance-connect")
}

// isBroad reports whether an ARN is everything of one type: "arn:aws:iam::*:*",
// "arn:aws:iam::111122223333:role/*", "arn:aws:s3:::*/*". The first part of the
// name of an S3 object is its bucket and no type.
func isBroad(resource string) bool {
	parts := strings.SplitN(resource, ":", 6)
	if len(parts) < 6 {
		return false
	}
	name := parts[5]
	if i := strings.IndexAny(name, "/:"); i > 0 && parts[2] != "s3" && !strings.ContainsAny(name[:i], "*?$") {
		name = name[i+1:]
	}
	return name != "" && strings.Trim(name, "*/") == ""
}

// admin finds every action on every resource. A deny of some actions leaves
// the rest: then the dangers that remain decide.
func (p *policy) admin() {
	for i := range p.all {
		s := &p.all[i]
		if s.Deny || len(s.Conditions) > 0 && !p.conditional || s.reach("") != reachAll || len(s.NotResources) > 0 {
			continue
		}
		if !slices.ContainsFunc(s.Actions, func(a string) bool { return strings.Trim(a, "*") == "" || a == "*:*" }) {
			continue
		}
		if slices.ContainsFunc(p.all, func(d statement) bool {
			return d.Deny && len(d.Conditions) == 0 && d.reach("") == reachAll
		}) {
			p.add(inventory.LevelWrite, "", "allows * on *, less what is denied")
			continue
		}
		p.add(inventory.LevelAdmin, "admin.all", s.label()+" allows * on *")
	}
}

// label names a statement.
func (s *statement) label() string {
	if s != nil && s.Sid != "" {
		return "statement " + s.Sid
	}
	return "a statement"
}

// classes tells reading from writing by the verb of each action.
func (p *policy) classes() {
	for i := range p.all {
		s := &p.all[i]
		if s.Deny || len(s.Conditions) > 0 && !p.conditional {
			continue
		}
		if len(s.NotActions) > 0 {
			p.add(inventory.LevelWrite, "", s.label()+" allows everything but "+brief(s.NotActions))
			continue
		}
		for _, a := range s.Actions {
			level := awsClass(a)
			if level.Rank() <= p.Level.Rank() && len(p.Reasons) > 0 || p.gone(a) {
				continue
			}
			p.add(level, "", a+" on "+brief(s.Resources))
		}
	}
}

// gone reports whether an action is denied everywhere.
func (p *policy) gone(action string) bool {
	return slices.ContainsFunc(p.all, func(d statement) bool {
		return d.Deny && len(d.Conditions) == 0 && d.covers(action) && d.reach("") == reachAll && len(d.NotResources) == 0
	})
}

// brief lists at most three members.
func brief(l []string) string {
	if len(l) > 3 {
		return strings.Join(l[:3], ", ") + " …"
	}
	return strings.Join(l, ", ")
}

// readVerbs lists how the actions begin that AWS's service authorization
// reference puts under Read or List.
func readVerbs() []string {
	return []string{
		"get", "list", "describe", "head", "query", "scan", "search", "select", "lookup", "view", "read", "check",
		"simulate", "validate", "preview", "estimate", "download", "filter", "decrypt", "verify", "count", "discover",
		"retrieve", "detect", "classify", "contains", "test", "resolve", "compare", "receive", "sample", "evaluate",
		"batchget", "batchcheck", "batchread", "batchdescribe", "batchdetect", "adminget", "adminlist", "partiqlselect",
		"eshttpget", "eshttphead", "gitpull", "startquery", "stopquery", "generatecredentialreport", "generateservicelast",
		"generateorganizationsaccess",
	}
}

// awsClass tells by its verb whether an action reads or writes. One that is
// only tagged by a wildcard may do anything. An expression is not known.
func awsClass(action string) inventory.Level {
	if strings.Contains(action, "${") {
		return inventory.LevelUnknown
	}
	service, verb, ok := strings.Cut(action, ":")
	if !ok {
		verb = service
	}
	switch strings.ToLower(action) {
	case "iam:passrole":
		return inventory.LevelNone
	case "sts:assumerole", "sts:assumerolewithwebidentity", "sts:assumerolewithsaml", "sts:tagsession":
		return inventory.LevelNone
	}
	for _, v := range readVerbs() {
		if strings.HasPrefix(strings.ToLower(verb), v) {
			return inventory.LevelRead
		}
	}
	return inventory.LevelWrite
}
