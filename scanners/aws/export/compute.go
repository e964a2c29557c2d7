package export

import (
	"cmp"
	"encoding/json"
	"slices"
	"strings"

	"github.com/muster-nhi/muster/internal/inventory"
	"github.com/muster-nhi/muster/scanners/aws/object"
)

// Names are the keys of a map whose values are not kept: they may be secrets.
type names []string

// UnmarshalJSON reads a map, or a list of objects with a name.
func (n *names) UnmarshalJSON(b []byte) error {
	var m map[string]json.RawMessage
	if json.Unmarshal(b, &m) == nil {
		*n = sortedKeys(m)
		return nil
	}
	var list []struct{ Name string }
	if json.Unmarshal(b, &list) == nil {
		*n = nil
		for _, x := range list {
			*n = append(*n, x.Name)
		}
		slices.Sort(*n)
	}
	return nil
}

// details are what is known of a consumer beside its fields, without what is empty.
func details(pairs ...string) map[string]string {
	out := map[string]string{}
	for i := 0; i+1 < len(pairs); i += 2 {
		if pairs[i+1] != "" {
			out[pairs[i]] = pairs[i+1]
		}
	}
	if len(out) == 0 {
		return nil
	}
	return out
}

// The shapes of what Lambda, ECS and EC2 answer.
type (
	function struct {
		FunctionName, FunctionArn, Runtime, Role, State string
		LastModified                                    moment
		Environment                                     struct{ Variables names }
	}
	taskDefinition struct {
		TaskDefinition struct {
			TaskDefinitionArn, Family, TaskRoleArn, ExecutionRoleArn, Status string
			RegisteredAt                                                     moment
			ContainerDefinitions                                             []struct {
				Environment names
				Secrets     []struct{ Name, ValueFrom string }
			}
		}
		Tags tags
	}
	service struct {
		ServiceArn, ServiceName, ClusterArn, Status, TaskDefinition, RoleArn string
		CreatedAt                                                            moment
		Tags                                                                 tags
	}
	reservation struct {
		OwnerID   string
		Instances []instance
	}
	instance struct {
		InstanceID         string
		IamInstanceProfile struct{ Arn string }
		LaunchTime         moment
		State              struct{ Name string }
		Placement          struct{ AvailabilityZone string }
		MetadataOptions    struct{ HTTPTokens string }
		PublicIPAddress    string
		Tags               tags
	}
	keyPair struct {
		KeyPairID, KeyType, KeyName, KeyFingerprint string
		CreateTime                                  moment
		Tags                                        tags
	}
)

func (h *handlers) compute() {
	on(h, "Functions", "lambda:ListFunctions", func(v *function) bool { return v.FunctionArn != "" }, func(v *function) string { return v.FunctionArn }, func(a *account, region string, v *function) {
		a.consumer(v.FunctionArn, "execution", v.Role, object.Consumer{
			Name: v.FunctionName, Region: region, Type: "lambda.function", State: v.State, UpdatedAt: v.LastModified.Time,
			Details: details("variables", strings.Join(v.Environment.Variables, ","), "runtime", v.Runtime),
		})
	})
	one(h, "ecs:DescribeTaskDefinition", []string{"taskDefinition"}, func(v *taskDefinition) string { return v.TaskDefinition.TaskDefinitionArn }, (*account).task)
	on(h, "services", "ecs:DescribeServices", func(v *service) bool { return v.ServiceArn != "" }, func(v *service) string { return v.ServiceArn }, func(a *account, region string, v *service) {
		a.consumer(v.ServiceArn, "service", v.RoleArn, object.Consumer{
			Name: v.ServiceName, Region: region, Type: "ecs.service", State: v.Status, CreatedAt: v.CreatedAt.Time, Tags: v.Tags.list(),
			Details: details("cluster", v.ClusterArn, "task_definition", v.TaskDefinition),
		})
	})
	on(h, "Reservations", "ec2:DescribeInstances", func(v *reservation) bool { return len(v.Instances) > 0 }, reservationARN, (*account).instances)
	on(h, "KeyPairs", "ec2:DescribeKeyPairs", func(v *keyPair) bool { return v.KeyPairID != "" }, noARN, func(a *account, region string, v *keyPair) {
		*a.pairs.of(region + "/" + v.KeyPairID) = object.KeyPair{
			ID: v.KeyPairID, Name: v.KeyName, Region: region, Type: v.KeyType, Fingerprint: v.KeyFingerprint, CreatedAt: v.CreateTime.Time, Tags: v.Tags.list(),
		}
	})
}

// consumer adds what runs as a role, if it names one.
func (a *account) consumer(arn, use, role string, c object.Consumer) {
	if role == "" {
		return
	}
	c.ARN, c.Use, c.Role = arn, use, role
	*a.consumers.of(arn + "#" + use) = c
}

func (a *account) task(region string, v *taskDefinition) {
	t := &v.TaskDefinition
	var variables, secrets []string
	for _, c := range t.ContainerDefinitions {
		variables = append(variables, c.Environment...)
		for _, s := range c.Secrets {
			secrets = append(secrets, s.Name+"="+s.ValueFrom)
		}
	}
	slices.Sort(variables)
	slices.Sort(secrets)
	c := object.Consumer{
		Name: t.Family, Region: region, Type: "ecs.task_definition", State: t.Status, CreatedAt: t.RegisteredAt.Time, Tags: v.Tags.list(),
		Details: details("variables", strings.Join(slices.Compact(variables), ","), "secrets", strings.Join(slices.Compact(secrets), ",")),
	}
	a.describe("ecs:DescribeTaskDefinition", t.TaskDefinitionArn)
	a.consumer(t.TaskDefinitionArn, "task", t.TaskRoleArn, c)
	a.consumer(t.TaskDefinitionArn, "execution", t.ExecutionRoleArn, c)
}

// reservationARN makes the ARN of instances, which EC2 does not tell, from their
// owner and zone.
func reservationARN(v *reservation) string {
	region := regionOfZone(v.Instances[0].Placement.AvailabilityZone)
	if !object.IsAccount(v.OwnerID) || region == "" {
		return ""
	}
	return "arn:" + partitionOf(region) + ":ec2:" + region + ":" + v.OwnerID + ":instance/" + v.Instances[0].InstanceID
}

// regionOfZone cuts the name of a zone behind its first digit: eu-central-1a,
// us-west-2-lax-1a.
func regionOfZone(zone string) string {
	at := strings.IndexAny(zone, "0123456789")
	return zone[:at+1]
}

// partitionOf is the partition of a region by its name.
func partitionOf(region string) string {
	switch {
	case strings.HasPrefix(region, "cn-"):
		return "aws-cn"
	case strings.HasPrefix(region, "us-gov-"):
		return "aws-us-gov"
	}
	return "aws"
}

func (a *account) instances(region string, v *reservation) {
	for _, i := range v.Instances {
		name := ""
		for _, t := range i.Tags {
			if t.Key == "Name" {
				name = t.Value
			}
		}
		a.consumer("arn:"+cmp.Or(a.Partition, "aws")+":ec2:"+region+":"+a.ID+":instance/"+i.InstanceID, "instance_profile", i.IamInstanceProfile.Arn, object.Consumer{
			Name: cmp.Or(name, i.InstanceID), Region: region, Type: "ec2.instance", State: i.State.Name, CreatedAt: i.LaunchTime.Time, Tags: i.Tags.list(),
			Public: inventory.TriOf(i.PublicIPAddress != ""), Details: details("imds", i.MetadataOptions.HTTPTokens),
		})
	}
}

// The shapes of what CodeBuild and Step Functions answer.
type (
	project struct {
		Name, Arn, ServiceRole, ProjectVisibility, ResourceAccessRole string
		Created, LastModified                                         moment
		Tags                                                          tags
		Source                                                        struct{ Type string }
		Environment                                                   struct{ EnvironmentVariables names }
	}
	sourceCredential struct{ Arn, ServerType, AuthType, Resource string }
	stateMachine     struct {
		StateMachineArn, Name, Status, RoleArn, Type string
		CreationDate                                 moment
	}
)

func (h *handlers) builders() {
	on(h, "projects", "codebuild:BatchGetProjects", func(v *project) bool { return strings.Contains(v.Arn, ":codebuild:") }, func(v *project) string { return v.Arn }, func(a *account, region string, v *project) {
		c := object.Consumer{
			Name: v.Name, Region: region, Type: "codebuild.project", CreatedAt: v.Created.Time, UpdatedAt: v.LastModified.Time, Tags: v.Tags.list(),
			Public: tri(v.ProjectVisibility, "PUBLIC_READ"), Details: details("variables", strings.Join(v.Environment.EnvironmentVariables, ","), "source", v.Source.Type),
		}
		a.describe("codebuild:BatchGetProjects", v.Name)
		a.consumer(v.Arn, "service", v.ServiceRole, c)
		a.consumer(v.Arn, "resource_access", v.ResourceAccessRole, c)
	})
	on(h, "sourceCredentialsInfos", "codebuild:ListSourceCredentials", nil, func(v *sourceCredential) string { return v.Arn }, func(a *account, region string, v *sourceCredential) {
		*a.links.of(v.Arn) = object.Connection{ARN: v.Arn, Name: v.ServerType, Region: region, Type: "codebuild.source_credential", Provider: v.ServerType, Auth: v.AuthType, Secret: ifSecret(v.Resource)}
	})
	one(h, "states:DescribeStateMachine", []string{"stateMachineArn", "roleArn"}, func(v *stateMachine) string { return v.StateMachineArn }, func(a *account, region string, v *stateMachine) {
		a.describe("states:DescribeStateMachine", v.StateMachineArn)
		a.consumer(v.StateMachineArn, "execution", v.RoleArn, object.Consumer{Name: v.Name, Region: region, Type: "states.machine", State: v.Status, CreatedAt: v.CreationDate.Time})
	})
}

// ifSecret is the text if it is the ARN of a secret.
func ifSecret(text string) string {
	if strings.Contains(text, ":secretsmanager:") {
		return text
	}
	return ""
}
