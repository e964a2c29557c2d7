package export

import (
	"cmp"
	"encoding/json"
	"slices"
	"strings"

	"github.com/muster-nhi/muster/scanners/aws/object"
)

// The shapes of what tells who may use a resource, who made one and what is unused.
type (
	attributes struct {
		Attributes struct {
			Policy, QueueArn, TopicArn string
		}
	}
	attachedTo struct{ Policy text }
	finding    struct {
		ID, Resource, FindingType, Status string
		CreatedAt                         moment
	}
	event struct {
		EventName       string
		EventTime       moment
		CloudTrailEvent text
	}
	trailed struct {
		EventName, ErrorCode string
		UserIdentity         struct {
			Arn            string
			SessionContext struct{ SessionIssuer struct{ Arn string } }
		}
		ResponseElements struct {
			User      struct{ Arn string }
			Role      struct{ Arn string }
			AccessKey struct{ AccessKeyID string }
		}
	}
)

func (h *handlers) resources() {
	one(h, "sqs:GetQueueAttributes", []string{"Attributes"}, func(v *attributes) string { return cmp.Or(v.Attributes.QueueArn, v.Attributes.TopicArn) }, func(a *account, region string, v *attributes) {
		arn := cmp.Or(v.Attributes.QueueArn, v.Attributes.TopicArn)
		a.resource(arn, region, text(v.Attributes.Policy))
	})
	h.answers = append(h.answers, answer{"lambda:GetPolicy", []string{"Policy"}, readResourcePolicy})
	on(h, "findings", "access-analyzer:ListFindingsV2", func(v *finding) bool { return v.FindingType != "" }, func(v *finding) string { return ifARN(v.Resource) }, func(a *account, region string, v *finding) {
		*a.unused.of(v.ID) = object.Unused{ID: v.ID, Resource: v.Resource, Type: v.FindingType, Status: v.Status, Region: region, FoundAt: v.CreatedAt.Time}
	})
	on(h, "Events", "cloudtrail:LookupEvents", func(v *event) bool { return v.EventName != "" && len(v.CloudTrailEvent) > 0 }, noARN, (*account).event)
}

// resource adds the policy of a resource, if it has one.
func (a *account) resource(arn, region string, policy text) {
	x := strings.SplitN(arn, ":", 4)
	if len(policy) == 0 || len(x) < 4 {
		return
	}
	*a.resources.of(arn) = object.ResourcePolicy{ARN: arn, Service: x[2], Region: region, Document: policy.document(a, arn)}
}

// readResourcePolicy reads the policy of a function or of a bucket, which only its
// statements name.
func readResourcePolicy(doc *document, raw json.RawMessage) bool {
	var v attachedTo
	if json.Unmarshal(raw, &v) != nil || len(v.Policy) == 0 {
		return false
	}
	d, _ := v.Policy.parse()
	if d == nil {
		return false
	}
	for i := range d.Statements {
		for _, name := range d.Statements[i].Resources {
			switch {
			case strings.Contains(name, ":lambda:"):
				arn := strings.Join(strings.SplitN(name, ":", 8)[:min(7, strings.Count(name, ":")+1)], ":")
				doc.take("lambda:GetPolicy", arn, nil, func(a *account, region string) { a.resource(arn, region, v.Policy) })
				return true
			case strings.Contains(name, ":s3:::"):
				arn, _, _ := strings.Cut(name, "/")
				doc.take("s3:GetBucketPolicy", "", nil, func(a *account, _ string) { a.resource(arn, "", v.Policy) })
				return true
			}
		}
	}
	return false
}

// event takes who made a principal or a key.
func (a *account) event(_ string, v *event) {
	if !slices.Contains([]string{"CreateUser", "CreateRole", "CreateAccessKey"}, v.EventName) {
		return
	}
	var e trailed
	if json.Unmarshal(v.CloudTrailEvent, &e) != nil || e.ErrorCode != "" {
		return
	}
	made := cmp.Or(e.ResponseElements.User.Arn, e.ResponseElements.Role.Arn, e.ResponseElements.AccessKey.AccessKeyID)
	by := e.UserIdentity.Arn
	if made == "" || by == "" {
		return
	}
	a.Creators = append(a.Creators, object.Creator{Resource: made, Event: v.EventName, By: by, At: v.EventTime.Time})
}
