package privilege

import (
	"strings"

	"github.com/muster-nhi/muster/internal/inventory"
)

// A danger is an action that gives a capability by itself.
type danger struct {
	action     string
	capability string
	all        inventory.Level // on all resources
	named      inventory.Level // on named ones
	named2     string          // capability on named ones; empty is none
	what       string
}

// awsDangers lists single actions. Those that escalate are the direct paths
// published at pathfinding.cloud that need one permission and no particular
// resource; what runs code under a role that is there already counts as write,
// because whether such a role is stronger is not known here.
func awsDangers() []danger {
	const (
		escalate = inventory.LevelEscalate
		write    = inventory.LevelWrite
		read     = inventory.LevelRead
		none     = inventory.LevelNone
	)
	return []danger{
		{"iam:CreatePolicyVersion", "policy.write", escalate, write, "", "gives a policy a new version"},
		{"iam:SetDefaultPolicyVersion", "policy.write", escalate, write, "", "goes back to an older version of a policy"},
		{"iam:AttachUserPolicy", "policy.write", escalate, write, "", "attaches any policy to users"},
		{"iam:AttachGroupPolicy", "policy.write", escalate, write, "", "attaches any policy to groups"},
		{"iam:AttachRolePolicy", "policy.write", escalate, write, "", "attaches any policy to roles"},
		{"iam:PutUserPolicy", "policy.write", escalate, write, "", "writes inline policies of users"},
		{"iam:PutGroupPolicy", "policy.write", escalate, write, "", "writes inline policies of groups"},
		{"iam:PutRolePolicy", "policy.write", escalate, write, "", "writes inline policies of roles"},
		{"iam:AddUserToGroup", "policy.write", escalate, write, "", "puts users into groups"},
		{"iam:CreateAccessKey", "credentials.create", escalate, write, "", "makes access keys of other users"},
		{"iam:CreateLoginProfile", "credentials.create", escalate, write, "", "gives other users a password"},
		{"iam:UpdateLoginProfile", "credentials.create", escalate, write, "", "changes passwords of other users"},
		{"iam:UpdateAssumeRolePolicy", "trust.write", escalate, write, "", "changes who may assume a role"},
		{"iam:CreateUser", "identity.write", write, write, "", "makes users"},
		{"iam:CreateRole", "identity.write", write, write, "", "makes roles"},
		{"sts:AssumeRole", "identity.impersonate", write, none, "", "assumes every role that trusts the account"},
		{"secretsmanager:GetSecretValue", "secrets.read_all", read, read, "secrets.read", "reads secret values"},
		{"ssm:GetParameter", "secrets.read_all", read, read, "secrets.read", "reads parameters, SecureStrings among them"},
		{"ssm:GetParameters", "secrets.read_all", read, read, "secrets.read", "reads parameters, SecureStrings among them"},
		{"secretsmanager:PutSecretValue", "secrets.write", write, write, "secrets.write", "writes secret values"},
		{"lambda:UpdateFunctionCode", "compute.exec", write, write, "", "changes code that runs under the role of a function"},
		{"ssm:SendCommand", "compute.exec", write, write, "", "runs commands on instances"},
		{"ssm:StartSession", "compute.exec", write, write, "", "opens sessions on instances"},
		{"ecs:ExecuteCommand", "compute.exec", write, write, "", "runs commands in containers"},
		{"ec2-instance-connect:SendSSHPublicKey", "compute.exec", write, write, "", "signs in to instances"},
		{"s3:GetObject", "data.read_all", read, read, "", "reads objects"},
		{"s3:PutObject", "data.write_all", write, write, "", "writes objects"},
	}
}

// danger adds what an action gives, by how far it reaches.
func (p *policy) danger(d danger) {
	r, by := p.allows(d.action)
	switch r {
	case reachAll:
		p.add(d.all, d.capability, d.action+" on all resources ("+by.label()+"): "+d.what)
	case reachNamed:
		if d.named2 != "" {
			p.add(d.named, d.named2, d.action+" on named resources: "+d.what)
		} else if d.all == inventory.LevelEscalate {
			p.note(d.action + " on named resources only: " + brief(by.Resources))
		}
	case reachSelf:
		if d.all == inventory.LevelEscalate {
			p.note(d.action + " on its own user only")
		}
	case reachNone:
	}
}

// passRoleWith lists the actions that start something under a role that is
// handed to them.
func passRoleWith() []string {
	return []string{
		"ec2:RunInstances", "lambda:CreateFunction", "cloudformation:CreateStack", "cloudformation:UpdateStack", "glue:CreateDevEndpoint", "glue:CreateJob",
		"sagemaker:CreateNotebookInstance", "sagemaker:CreateProcessingJob", "sagemaker:CreateTrainingJob", "codebuild:CreateProject",
		"ecs:RunTask", "ecs:RegisterTaskDefinition", "datapipeline:CreatePipeline", "states:CreateStateMachine", "apprunner:CreateService",
		"bedrock-agentcore:CreateCodeInterpreter", "emr:RunJobFlow", "elasticmapreduce:RunJobFlow", "scheduler:CreateSchedule",
	}
}

// passRole finds iam:PassRole on all roles together with an action that starts
// something under one. Either by itself gives nothing.
func (p *policy) passRole() {
	r, _ := p.allows("iam:PassRole")
	if r != reachAll {
		return
	}
	p.add(inventory.LevelNone, "pass_role", "iam:PassRole on all roles")
	var with []string
	for _, action := range passRoleWith() {
		if how, _ := p.allows(action); how == reachAll {
			with = append(with, action)
		}
	}
	if len(with) > 0 {
		p.add(inventory.LevelEscalate, "compute.create", "iam:PassRole on all roles with "+brief(with)+": starts code under any role that trusts the service")
	}
}

// AWSManagedPolicy assesses a policy that AWS keeps, by its ARN or name, from
// what it was in November 2026. A policy of the customer, or one that the table does
// not know, is unknown.
func AWSManagedPolicy(arn string) Assessment {
	name := arn
	if strings.HasPrefix(arn, "arn:") {
		parts := strings.SplitN(arn, ":", 6)
		if len(parts) < 6 || parts[4] != "aws" {
			return unknown("policy " + arn + " is not one of AWS's own")
		}
		name = parts[5]
	}
	name = name[strings.LastIndexByte(name, '/')+1:]
	if known, ok := awsManaged(name); ok {
		a := Assessment{Level: inventory.LevelNone}
		a.add(known.level, "", "AWS managed policy "+name)
		for _, c := range known.capabilities {
			a.add(known.level, c, "AWS managed policy "+name)
		}
		return a
	}
	a := Assessment{Level: inventory.LevelNone}
	switch {
	case strings.HasSuffix(name, "ReadOnlyAccess"), strings.HasSuffix(name, "ReadOnly"), strings.HasSuffix(name, "ViewOnlyAccess"):
		a.add(inventory.LevelRead, "", "AWS managed policy "+name+", by its name")
	case strings.HasSuffix(name, "FullAccess"), strings.HasSuffix(name, "_FullAccess"):
		a.add(inventory.LevelWrite, "", "AWS managed policy "+name+", by its name")
	default:
		return unknown("AWS managed policy " + name + " is not in muster's table")
	}
	return a
}

// A known is a role or policy of a table.
type known struct {
	level        inventory.Level
	capabilities []string
}

func awsManaged(name string) (known, bool) {
	switch name {
	case "AdministratorAccess", "AdministratorAccess-Amplify", "AdministratorAccess-AWSElasticBeanstalk":
		if name != "AdministratorAccess" {
			return known{inventory.LevelWrite, nil}, true
		}
		return known{inventory.LevelAdmin, []string{"admin.all"}}, true
	case "IAMFullAccess":
		return known{inventory.LevelEscalate, []string{"credentials.create", "identity.write", "policy.write", "trust.write"}}, true
	case "PowerUserAccess":
		return known{inventory.LevelWrite, []string{"compute.exec", "data.read_all", "data.write_all", "secrets.read_all", "secrets.write"}}, true
	case "ReadOnlyAccess": // ssm:Get* reads SecureStrings
		return known{inventory.LevelRead, []string{"data.read_all", "secrets.read_all"}}, true
	case "SecurityAudit", "ViewOnlyAccess", "IAMReadOnlyAccess", "AWSSecurityHubReadOnlyAccess":
		return known{inventory.LevelRead, nil}, true
	case "SecretsManagerReadWrite":
		return known{inventory.LevelWrite, []string{"secrets.read_all", "secrets.write"}}, true
	case "AmazonSSMReadOnlyAccess":
		return known{inventory.LevelRead, []string{"secrets.read_all"}}, true
	case "AmazonSSMFullAccess":
		return known{inventory.LevelWrite, []string{"compute.exec", "secrets.read_all", "secrets.write"}}, true
	case "AmazonS3FullAccess":
		return known{inventory.LevelWrite, []string{"data.read_all", "data.write_all"}}, true
	case "AmazonS3ReadOnlyAccess":
		return known{inventory.LevelRead, []string{"data.read_all"}}, true
	case "AmazonSSMManagedInstanceCore": // ssm:GetParameter on everything
		return known{inventory.LevelWrite, []string{"secrets.read_all"}}, true
	case "AWSLambdaBasicExecutionRole", "AWSLambdaVPCAccessExecutionRole", "CloudWatchAgentServerPolicy", "AWSXRayDaemonWriteAccess", "AmazonECSTaskExecutionRolePolicy":
		return known{inventory.LevelWrite, nil}, true
	case "AmazonEKSWorkerNodePolicy", "AmazonEC2ContainerRegistryReadOnly", "AmazonEC2ContainerRegistryPullOnly":
		return known{inventory.LevelRead, nil}, true
	}
	return known{}, false
}
