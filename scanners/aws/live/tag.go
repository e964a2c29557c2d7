package live

import (
	"context"
	"slices"
	"strings"

	"github.com/muster-nhi/muster/scanners/aws/live/wire"
	"github.com/muster-nhi/muster/scanners/aws/object"
)

// taggable are the resources that are listed without their tags, as the tagging
// API names their types, by the part of their ARN that tells.
func taggable() map[string]string {
	return map[string]string{
		":lambda:": "lambda:function", ":kms:": "kms:key", ":ssm:": "ssm:parameter", ":acm:": "acm:certificate", ":states:": "states:stateMachine",
		":bedrock:": "bedrock:agent", ":rolesanywhere:": "rolesanywhere", ":iot:": "iot:certificate", ":transfer:": "transfer:user",
		":codeconnections:": "codeconnections:connection", ":bedrock-agentcore:": "bedrock-agentcore",
	}
}

// untagged collects where the tags of resources without tags go, by ARN.
func untagged(a *object.Account, region string) map[string]*[]object.Tag {
	out := map[string]*[]object.Tag{}
	add := func(arn, in string, tags *[]object.Tag) {
		if in == region && len(*tags) == 0 {
			out[arn] = tags
		}
	}
	for i := range a.Consumers {
		if c := &a.Consumers[i]; c.Type != "ec2.instance" && !strings.HasPrefix(c.Type, "ecs.") && c.Type != "codebuild.project" {
			add(c.ARN, c.Region, &c.Tags)
		}
	}
	for i := range a.Keys {
		add(a.Keys[i].ARN, a.Keys[i].Region, &a.Keys[i].Tags)
	}
	for i := range a.Parameters {
		add(a.Parameters[i].ARN, a.Parameters[i].Region, &a.Parameters[i].Tags)
	}
	for i := range a.Certificates {
		if c := &a.Certificates[i]; c.Type != "IAM" {
			add(c.ARN, c.Region, &c.Tags)
		}
	}
	for i := range a.Connections {
		switch c := &a.Connections[i]; c.Type {
		case "transfer.user", "codeconnections.connection":
			add(c.ARN, c.Region, &c.Tags)
		}
	}
	return out
}

// tags asks for the tags of all that was listed without, in one listing for each
// region, and only for kinds of which there is something.
func (s *session) tags(ctx context.Context, region string) {
	missing := untagged(s.account, region)
	if len(missing) == 0 {
		return
	}
	var types []string
	for part, kind := range taggable() {
		for arn := range missing {
			if strings.Contains(arn, part) {
				types = append(types, kind)
				break
			}
		}
	}
	type page struct {
		wire.Page
		ResourceTagMappingList []struct {
			ResourceARN string
			Tags        tagList
		}
	}
	slices.Sort(types)
	list(ctx, s, "tag:GetResources", region, wire.Values{"ResourceTypeFilters": types}, func(p *page) int {
		for _, x := range p.ResourceTagMappingList {
			if into := missing[x.ResourceARN]; into != nil {
				*into = x.Tags.tags()
			}
		}
		return len(p.ResourceTagMappingList)
	})
}
