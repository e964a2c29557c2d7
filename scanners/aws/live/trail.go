package live

import (
	"context"
	"encoding/json"
	"strings"
	"time"

	"github.com/muster-nhi/muster/scanners/aws/live/wire"
	"github.com/muster-nhi/muster/scanners/aws/object"
)

// trailDays is how far back CloudTrail's event history goes (CloudTrail User Guide,
// "Working with CloudTrail event history").
const trailDays = 90

// An event of CloudTrail, as far as it tells who made what.
type event struct {
	UserIdentity struct {
		Type, Arn      wire.Text
		SessionContext struct{ SessionIssuer struct{ Arn wire.Text } }
	}
	ErrorCode         wire.Text
	RequestParameters struct{ UserName, RoleName wire.Text }
	ResponseElements  struct {
		AccessKey struct{ AccessKeyID, UserName wire.Text }
		User      struct{ Arn wire.Text }
		Role      struct{ Arn wire.Text }
	}
}

// creators asks CloudTrail who made users, roles and keys in the last 90 days. IAM
// writes its events in one region of a partition.
func (s *session) creators(ctx context.Context) {
	type page struct {
		wire.Page
		Events []struct {
			EventName       string
			EventTime       wire.Time
			CloudTrailEvent string
		}
	}
	since := s.now().Add(-trailDays * 24 * time.Hour).Unix()
	count := 0
	var failed error
	for _, name := range []string{"CreateUser", "CreateRole", "CreateAccessKey"} {
		in := wire.Values{"StartTime": since, "LookupAttributes": []any{wire.Values{"AttributeKey": "EventName", "AttributeValue": name}}}
		n, err := wire.Pages(ctx, s.client, s.op("cloudtrail:LookupEvents"), "", in, func(p *page) int {
			s.keep(func(a *object.Account) {
				for _, x := range p.Events {
					if c, ok := s.creator(x.EventName, x.CloudTrailEvent); ok {
						c.At = x.EventTime.Time
						a.Creators = append(a.Creators, c)
					}
				}
			})
			return len(p.Events)
		})
		count += n
		if err != nil {
			failed = err
			break
		}
	}
	s.note("cloudtrail:LookupEvents", s.client.Partition().Home, count, failed)
}

// creator reads one event. The answer to CreateAccessKey does not hold the secret
// key in CloudTrail, and nothing of it is decoded but the id.
func (s *session) creator(name, text string) (object.Creator, bool) {
	var e event
	if json.Unmarshal([]byte(text), &e) != nil || e.ErrorCode != "" {
		return object.Creator{}, false
	}
	c := object.Creator{Event: name, By: string(e.UserIdentity.SessionContext.SessionIssuer.Arn)}
	if c.By == "" {
		c.By = string(e.UserIdentity.Arn)
	}
	switch name {
	case "CreateAccessKey":
		c.Resource = string(e.ResponseElements.AccessKey.AccessKeyID)
	case "CreateUser":
		c.Resource = string(e.ResponseElements.User.Arn)
	case "CreateRole":
		c.Resource = string(e.ResponseElements.Role.Arn)
	}
	return c, c.Resource != "" && strings.HasPrefix(c.By, "arn:")
}
