package live

import (
	"context"
	"slices"
	"strings"

	"github.com/muster-nhi/muster/scanners/aws/live/wire"
	"github.com/muster-nhi/muster/scanners/aws/object"
)

// consume adds consumers of roles.
func (s *session) consume(list []object.Consumer) {
	s.keep(func(a *object.Account) { a.Consumers = append(a.Consumers, list...) })
}

// known drops details that say nothing.
func known(details map[string]string) map[string]string {
	for k, v := range details {
		if v == "" {
			delete(details, k)
		}
	}
	if len(details) == 0 {
		return nil
	}
	return details
}

// names joins names, sorted and once each.
func names(list []string) string {
	list = slices.Clone(list)
	slices.Sort(list)
	return strings.Join(slices.Compact(list), ",")
}

// A bag keeps the names of a map and nothing of its values.
type bag map[string]wire.Dropped

func (b bag) names() string {
	var out []string
	for k := range b {
		out = append(out, k)
	}
	return names(out)
}

type instancePage struct {
	wire.Page
	Reservations []struct {
		Instances []struct {
			ID         string    `xml:"instanceId"`
			State      string    `xml:"instanceState>name"`
			Profile    string    `xml:"iamInstanceProfile>arn"`
			LaunchTime wire.Time `xml:"launchTime"`
			KeyName    string    `xml:"keyName"`
			PublicIP   string    `xml:"ipAddress"`
			IMDS       string    `xml:"metadataOptions>httpTokens"`
			Tags       []struct {
				Key   string `xml:"key"`
				Value string `xml:"value"`
			} `xml:"tagSet>item"`
		} `xml:"instancesSet>item"`
	} `xml:"reservationSet>item"`
}

// instances lists instances, with the instance profile that they run with.
func (s *session) instances(ctx context.Context, region string) {
	list(ctx, s, "ec2:DescribeInstances", region, nil, func(p *instancePage) int {
		var found []object.Consumer
		n := 0
		for _, r := range p.Reservations {
			for _, x := range r.Instances {
				n++
				if x.State == "terminated" {
					continue
				}
				o := object.Consumer{
					ARN: s.arn("ec2", region, "instance/"+x.ID), Name: x.ID, Region: region, Type: "ec2.instance", Role: x.Profile,
					Use: "instance_profile", State: x.State, CreatedAt: x.LaunchTime.Time,
					Details: known(map[string]string{"imds": x.IMDS, "key_pair": x.KeyName, "public_ip": x.PublicIP}),
				}
				for _, t := range x.Tags {
					o.Tags = append(o.Tags, object.Tag(t))
					if t.Key == "Name" && t.Value != "" {
						o.Name = t.Value
					}
				}
				found = append(found, o)
			}
		}
		s.consume(found)
		return n
	})
}

type keyPairs struct {
	Pairs []struct {
		ID          string    `xml:"keyPairId"`
		Name        string    `xml:"keyName"`
		Type        string    `xml:"keyType"`
		Fingerprint string    `xml:"keyFingerprint"`
		CreateTime  wire.Time `xml:"createTime"`
		Tags        []struct {
			Key   string `xml:"key"`
			Value string `xml:"value"`
		} `xml:"tagSet>item"`
	} `xml:"keySet>item"`
}

func (s *session) keyPairs(ctx context.Context, region string) {
	one(ctx, s, "ec2:DescribeKeyPairs", region, nil, func(out *keyPairs) int {
		s.keep(func(a *object.Account) {
			for _, x := range out.Pairs {
				o := object.KeyPair{ID: x.ID, Name: x.Name, Region: region, Type: x.Type, Fingerprint: x.Fingerprint, CreatedAt: x.CreateTime.Time}
				for _, t := range x.Tags {
					o.Tags = append(o.Tags, object.Tag(t))
				}
				a.KeyPairs = append(a.KeyPairs, o)
			}
		})
		return len(out.Pairs)
	})
}

// A functionPage has of the variables of functions no more than their names.
type functionPage struct {
	wire.Page
	Functions []struct {
		FunctionName, FunctionArn, Role, Runtime, KMSKeyArn, State wire.Text
		LastModified                                               wire.Time
		Environment                                                struct{ Variables bag }
	}
}

func (s *session) functions(ctx context.Context, region string) {
	var found []object.Consumer
	list(ctx, s, "lambda:ListFunctions", region, nil, func(p *functionPage) int {
		for _, x := range p.Functions {
			found = append(found, object.Consumer{
				ARN: string(x.FunctionArn), Name: string(x.FunctionName), Region: region, Type: "lambda.function", Role: string(x.Role),
				Use: "execution", State: string(x.State), UpdatedAt: x.LastModified.Time,
				Details: known(map[string]string{"variables": x.Environment.Variables.names(), "runtime": string(x.Runtime), "kms": string(x.KMSKeyArn)}),
			})
		}
		return len(p.Functions)
	})
	type answer struct{ Policy string }
	policies := make([]object.ResourcePolicy, len(found))
	for i, f := range found {
		policies[i] = object.ResourcePolicy{ARN: f.ARN, Service: "lambda", Region: region}
	}
	details(ctx, s, "lambda:GetPolicy", region, policies, func(ctx context.Context, p *object.ResourcePolicy) error {
		var out answer
		err := s.ask(ctx, "lambda:GetPolicy", region, wire.Values{"FunctionName": p.ARN}, &out)
		if err == nil {
			p.Document = s.document(out.Policy, p.ARN)
		}
		return err
	})
	s.consume(found)
	s.openTo(policies)
}

// openTo adds resource policies; resources without one are left out.
func (s *session) openTo(list []object.ResourcePolicy) {
	s.keep(func(a *object.Account) {
		for _, p := range list {
			if p.Document != nil {
				a.ResourceAccess = append(a.ResourceAccess, p)
			}
		}
	})
}

// machines lists state machines. Their role is told one by one, and asked for
// without the definition, which may hold secrets.
func (s *session) machines(ctx context.Context, region string) {
	type page struct {
		wire.Page
		StateMachines []struct {
			StateMachineArn, Name, Type wire.Text
			CreationDate                wire.Time
		}
	}
	var found []object.Consumer
	list(ctx, s, "states:ListStateMachines", region, nil, func(p *page) int {
		for _, x := range p.StateMachines {
			found = append(found, object.Consumer{
				ARN: string(x.StateMachineArn), Name: string(x.Name), Region: region, Type: "states.machine", Use: "execution",
				CreatedAt: x.CreationDate.Time,
			})
		}
		return len(p.StateMachines)
	})
	type answer struct{ RoleArn, Status string }
	details(ctx, s, "states:DescribeStateMachine", region, found, func(ctx context.Context, c *object.Consumer) error {
		var out answer
		in := wire.Values{"stateMachineArn": c.ARN, "includedData": "METADATA_ONLY"}
		err := s.ask(ctx, "states:DescribeStateMachine", region, in, &out)
		if err == nil {
			c.Role, c.State = out.RoleArn, out.Status
		}
		return err
	})
	s.consume(found)
}
